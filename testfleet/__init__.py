"""Testfleet: a repository's tests, planned over a serverless fleet and brought back exact."""

__version__ = "0.1.0"
