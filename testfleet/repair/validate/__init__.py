"""Trying candidates: a copy of the tree, a fork server in it, and what its children report."""
