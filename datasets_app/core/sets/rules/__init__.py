"""One module per set rule."""
