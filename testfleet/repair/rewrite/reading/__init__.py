"""What is known about a source file: where its nodes stand, what its names mean, what it offers."""
