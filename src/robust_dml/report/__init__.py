"""What a reader sees; it is made from result files alone and never needs torch."""
