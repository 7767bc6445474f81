"""Things that tests need, made by plain functions through the real services where that is cheap."""
