"""The embedded model: it ships with the package, reads words, and needs nothing but Python.

One table holds, for each word and pair of neighbouring words that training found useful, a row of
small whole numbers: what the word says for each domain and cause, and for a line being part of the
failure. A text's rows are added up. `benchmarks/failure_data` makes the table.
"""
