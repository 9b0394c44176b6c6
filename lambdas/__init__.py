"""One function a folder. A handler parses, calls the domain and returns; it decides nothing."""
