"""Faulty programs with tests, made from packages of the index, to measure repair on."""
