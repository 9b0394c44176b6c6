"""What comes after the first round."""
