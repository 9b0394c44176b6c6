"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.128, 42.5),
    ("slow rate", 0.186, 26.9),
    ("lifetime rate", 0.454, 19.5),
    ("runs since failure", 0.202, 31.9),
    ("cycles since failure", -0.338, 36.8),
    ("never failed", 0.37, 26.5),
    ("new", 0.72, 30.3),
    ("runs", 0.039, 36.7),
    ("cycles since run", 0.287, 56.0),
    ("duration", 0.093, 60.7),
    ("folder rate", 0.127, 27.9),
    ("companions", 0.188, 29.5),
    ("last verdicts", 0.347, 16.5),
    ("failures in a row", 0.082, 23.5),
    ("neighbours' rate", 0.09, 32.2),
    ("tenth by duration", 0.186, 42.9),
    ("failed last", 0.374, 23.5),
    ("recent rate, while fresh", -0.106, 73.2),
    ("left out", 0.061, 39.7),
    ("left out, never ran", -0.034, 30.1),
)
