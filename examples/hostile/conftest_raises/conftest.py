raise RuntimeError("the database of the conftest is not there")
