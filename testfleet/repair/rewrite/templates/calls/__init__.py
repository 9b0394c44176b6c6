"""Templates that change calls, their arguments and what becomes of their results."""
