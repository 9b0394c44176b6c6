"""Runs one shard."""
