"""Gives back the token of a question that a model has answered."""
