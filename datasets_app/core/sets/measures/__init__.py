"""One module per measure of a whole set."""
