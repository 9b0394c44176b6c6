"""Templates that insert, remove, move or rebuild statements."""
