"""The models that travel between the steps. They import nothing of the rest of the package."""
