"""Durations and outcomes that other tools kept, read so that a first plan knows them."""
