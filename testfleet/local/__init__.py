"""The embedded AWS on this machine: a daemon, with the application deployed onto it."""
