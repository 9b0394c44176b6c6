"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.253, 39.4),
    ("slow rate", 0.109, 35.4),
    ("lifetime rate", 0.016, 38.2),
    ("runs since failure", 0.221, 41.5),
    ("cycles since failure", -0.199, 52.0),
    ("never failed", 0.035, 31.2),
    ("new", 0.364, 30.6),
    ("runs", -0.074, 33.3),
    ("cycles since run", 0.239, 58.8),
    ("duration", 0.097, 64.3),
    ("folder rate", 0.065, 30.5),
    ("companions", 0.165, 71.1),
    ("last verdicts", 0.143, 35.5),
    ("failures in a row", 0.121, 27.7),
    ("neighbours' rate", 0.031, 42.0),
    ("tenth by duration", 0.11, 38.1),
    ("failed last", 0.384, 29.6),
    ("recent rate, while fresh", -0.067, 77.2),
    ("left out", 0.001, 38.2),
    ("left out, never ran", 0.363, 30.5),
    ("rate after such a verdict", 0.121, 31.6),
    ("share of failures", 0.436, 29.5),
    ("share of late", 0.2, 24.3),
    ("share at last", -0.334, 19.5),
)
