"""Receives what the code host tells and starts runs."""
