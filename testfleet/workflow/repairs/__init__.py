"""The workflow `repair-failure`: from a run's failures to proved patches and pull requests."""
