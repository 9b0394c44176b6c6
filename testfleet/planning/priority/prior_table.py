"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.131, 41.3),
    ("slow rate", 0.202, 26.6),
    ("lifetime rate", 0.423, 20.5),
    ("runs since failure", 0.193, 34.1),
    ("cycles since failure", -0.334, 36.7),
    ("never failed", 0.293, 26.5),
    ("new", 0.711, 30.1),
    ("runs", 0.029, 37.7),
    ("cycles since run", 0.295, 61.0),
    ("duration", 0.094, 52.7),
    ("folder rate", 0.127, 27.6),
    ("companions", 0.188, 33.3),
    ("last verdicts", 0.34, 14.1),
    ("failures in a row", 0.091, 23.3),
    ("neighbours' rate", 0.088, 29.7),
    ("tenth by duration", 0.209, 43.1),
    ("failed last", 0.375, 23.3),
    ("recent rate, while fresh", -0.118, 70.6),
    ("left out", 0.033, 38.5),
    ("left out, never ran", 0.002, 30.4),
)
