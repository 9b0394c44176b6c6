"""Tools other than pytest: how each is started, and what its reports mean."""
