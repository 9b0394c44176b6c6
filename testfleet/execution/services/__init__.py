"""Services for tests: started before them, each on a port of its own, and ended after them."""
