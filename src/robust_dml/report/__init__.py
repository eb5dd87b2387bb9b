"""Tables, figures, claims and the page, made from result files alone, without torch."""
