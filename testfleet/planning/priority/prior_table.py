"""Written by `python -m benchmarks.fit_prior FOLDER --write`, which says how. Do not edit.

From 60 made-up and 3 real histories, e4de430496cdee23.
"""

TABLE: tuple[tuple[str, float, float], ...] = (
    # feature, mean of its weight, precision: one over the variance between projects
    ("recent rate", 0.055, 40.4),
    ("slow rate", 0.254, 25.9),
    ("lifetime rate", 0.45, 21.4),
    ("runs since failure", 0.111, 32.7),
    ("cycles since failure", -0.314, 36.5),
    ("never failed", 0.286, 27.4),
    ("new", 0.612, 30.3),
    ("runs", 0.043, 37.3),
    ("cycles since run", 0.258, 59.3),
    ("duration", 0.094, 50.6),
    ("folder rate", 0.104, 28.0),
    ("companions", 0.182, 32.5),
    ("last verdicts", 0.329, 15.3),
    ("failures in a row", 0.097, 23.6),
    ("neighbours' rate", 0.084, 30.0),
    ("tenth by duration", 0.207, 40.8),
    ("failed last", 0.393, 24.2),
    ("recent rate, while fresh", -0.08, 74.3),
    ("left out", 0.103, 37.1),
    ("left out, never ran", -0.073, 30.6),
)
