"""What a failure is known by in other tests and other runs."""
