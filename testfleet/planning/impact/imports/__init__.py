"""The dependency graph of a tree's files, by reading only: none of its code is run.

`facts` holds what one file says by itself, cached by its content; `graph` what all files say
together. What cannot be read from a source is kept as unknown, and unknown selects.
"""
