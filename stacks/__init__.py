"""The stacks of `app.py`: one file a stack, and a few constructs that they share."""
