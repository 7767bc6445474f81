"""Shapes of the data side of the API, one module for each noun."""
