"""The steps of the workflows. Each decides with the domain and acts through `ports`."""
