"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.256, 39.5),
    ("slow rate", 0.109, 35.3),
    ("lifetime rate", 0.017, 38.1),
    ("runs since failure", 0.222, 41.5),
    ("cycles since failure", -0.202, 51.7),
    ("never failed", 0.025, 31.1),
    ("new", 0.423, 30.6),
    ("runs", -0.071, 33.6),
    ("cycles since run", 0.236, 59.5),
    ("duration", 0.094, 64.7),
    ("folder rate", 0.064, 30.6),
    ("companions", 0.163, 71.7),
    ("last verdicts", 0.145, 35.4),
    ("failures in a row", 0.12, 27.7),
    ("neighbours' rate", 0.031, 41.9),
    ("tenth by duration", 0.11, 38.0),
    ("failed last", 0.381, 29.7),
    ("recent rate, while fresh", -0.072, 76.3),
    ("left out", 0.053, 38.3),
    ("rate after such a verdict", 0.121, 31.6),
    ("share of failures", 0.436, 29.6),
    ("share of late", 0.201, 24.3),
    ("share at last", -0.333, 19.6),
)
