"""One script per performance promise. Each starts the real stack on a fresh folder, prints a figure, and cleans up."""
