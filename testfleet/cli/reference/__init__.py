"""The pages of docs/reference that are made from the code, so that they cannot lag behind it."""
