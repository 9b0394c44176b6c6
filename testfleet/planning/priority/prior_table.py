"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.156, 50.2),
    ("slow rate", 0.228, 28.9),
    ("lifetime rate", 0.366, 24.9),
    ("runs since failure", 0.274, 28.0),
    ("cycles since failure", -0.375, 31.8),
    ("never failed", 0.278, 24.9),
    ("new", 0.711, 30.1),
    ("runs", 0.008, 38.8),
    ("cycles since run", 0.303, 50.9),
    ("duration", 0.104, 46.8),
    ("folder rate", 0.086, 30.5),
    ("companions", 0.185, 33.6),
    ("last verdicts", 0.311, 18.7),
    ("failures in a row", -0.162, 23.1),
    ("neighbours' rate", 0.092, 30.8),
    ("tenth by duration", 0.199, 39.5),
    ("failed last", 0.564, 24.0),
    ("recent rate, while fresh", -0.11, 74.5),
    ("left out", 0.111, 35.6),
    ("left out, never ran", -0.079, 30.7),
)
