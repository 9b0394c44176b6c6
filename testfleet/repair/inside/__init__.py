"""What runs in the interpreter of the project under repair: the standard library and pytest alone.

Works on Python 3.8 and pytest 6.2 or newer. `start.py` loads these modules as a package of another
name, so that a project which is Testfleet, or has modules of these names, does not meet them.
"""
