"""The last word on a patch: a fresh copy, a fresh process, the whole suite, and the compiler."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from testfleet.errors import FleetError
from testfleet.repair.javascript.runner import TestResult
from testfleet.repair.typescript.bench import bench_of
from testfleet.repair.typescript.home import Home
from testfleet.repair.typescript.options import Options

LEAST_S = 20.0


def objection(
    home: Home,
    options: Options,
    files: Mapping[str, bytes],
    baseline: Mapping[str, TestResult],
    must: Sequence[str],
) -> str:
    """What speaks against these contents; empty when `must` and all that passed before pass."""
    deadline = time.monotonic() + max(LEAST_S, 0.3 * options.budget_s)
    try:
        with bench_of(home, options.files, deadline, options.env) as bench:
            bench.put(files)
            now = bench.outcomes()
            if now is None:
                return f"{home.runner} told nothing about the whole suite"
            wanted = {test for test, one in baseline.items() if one.how == "passed"} | set(must)
            lost = sorted(test for test in wanted if now.get(test) != "passed" and " " in test)
            if lost:
                return f"{lost[0]} does not pass with it"
            wrong = bench.compiler_errors(home.configs, build=False) if home.configs else []
            return f"tsc: {wrong[0]}" if wrong else ""
    except FleetError as exc:
        return str(exc)
