"""Cards: what one model showed on one dataset under one threat, in a file that can be checked by itself."""
