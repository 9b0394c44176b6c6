"""Stops the model endpoints when the budget is spent."""
