"""`testfleet fix` where tests of Vitest or Jest fail, and nobody else complains."""

from __future__ import annotations

import time
from typing import Final

from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.errors import UsageError
from testfleet.repair.fix import FixResult
from testfleet.repair.javascript.answer import report_of
from testfleet.repair.javascript.process import NodeError, SlowError
from testfleet.repair.javascript.repair import ENDLESS_MS, Repair
from testfleet.repair.javascript.runner import Runner, TestResult
from testfleet.repair.javascript.search import Budget
from testfleet.repair.javascript.sources import editable, is_code
from testfleet.repair.javascript.writer import Writer
from testfleet.repair.typescript.bench import Bench, bench_of
from testfleet.repair.typescript.home import Home
from testfleet.repair.typescript.options import Options
from testfleet.repair.typescript.snapshots import only_snapshots, updated
from testfleet.repair.typescript.texts import Texts

BASELINE_SHARE: Final = 0.3
"""Of the budget, at most, for the suite as it is."""
LEAST_BASELINE_S: Final = 10.0
PROOF_SHARE: Final = 0.2
"""Of the budget, for the whole suite with the best patch."""


def fix_tests(home: Home, options: Options, content: str, began: float) -> FixResult:
    """Search for a repair of failing tests. `content` tells who has nothing to complain about.

    Raises UsageError, FleetError.
    """
    deadline = began + options.budget_s
    with (
        bench_of(home, options.files, deadline, options.env) as bench,
        Runner(bench) as runner,
    ):
        options.progress(f"running {home.runner} as it is")
        before = time.monotonic()
        baseline, ends = _baseline(bench, runner, options)
        seconds = time.monotonic() - before
        failing = {test: one.said for test, one in baseline.items() if one.how == "failed"}
        wanted = [test for test in failing if _is_wanted(test, options)]
        if not wanted:
            return _done(_nothing(baseline, content), began)
        if only_snapshots({test: failing[test] for test in wanted}):
            return _done(updated(bench, options.files, failing), began)
        why = _why_not(baseline[wanted[0]], options)
        if why:
            reason = f"{len(wanted)} tests fail, e.g. {wanted[0]}; {why}"
            report = FixReport(status=FixStatus.NOT_FIXED, reason=reason, tests=tuple(wanted))
            return _done(report, began)
        tests = {one.path for one in baseline.values()}
        repair = Repair(
            options,
            bench,
            runner,
            Budget(deadline - PROOF_SHARE * options.budget_s, options.max_candidates),
            Texts(home.root),
            baseline,
            seconds,
            editable(home.root, options.files, sorted(tests)),
            ends,
        )
        outcome = repair.run(wanted)
    report = report_of(repair)
    files = repair.texts.changed(outcome.batches) if report.status is FixStatus.FIXED else {}
    return FixResult(_timed(report, began), files)


Baseline = tuple[dict[str, TestResult], dict[str, bytes]]
"""Results by test, and sources with ends for endless loops where these were needed."""


def _baseline(bench: Bench, runner: Runner, options: Options) -> Baseline:
    limit = max(LEAST_BASELINE_S, BASELINE_SHARE * options.budget_s)
    try:
        return runner.run(None, limit), {}
    except SlowError:
        return _with_ends(bench, runner, options, limit)
    except NodeError as exc:
        return _cold(bench, str(exc)), {}


def _cold(bench: Bench, why: str) -> dict[str, TestResult]:
    """What the runner's own program tells, where it cannot be held in memory."""
    results = bench.results()
    if results is None:
        raise UsageError(
            f"{bench.home.runner} cannot be run: {why}",
            hint=f"mend what `npx {bench.home.runner}` says, then run the command again;"
            " Vitest is supported from 1.0, Jest from 27",
        )
    found = {}
    for test, (how, said) in results.items():
        path, _, name = test.partition(" ")
        found[test] = TestResult(path, name, how, said, meta={"cold": why})
    return found


def _with_ends(bench: Bench, runner: Runner, options: Options, limit: float) -> Baseline:
    """Where a loop does not end: each ends by an exception, which tells where it is."""
    code = [path for path in editable(bench.home.root, options.files, ()) if is_code(path)]
    with Writer(bench.home.node, bench.home.root, bench.scratch) as writer:
        ends = writer.ended(code, ENDLESS_MS)
    runner.put(ends)
    try:
        return runner.run(None, limit), ends
    except NodeError as exc:
        raise UsageError(
            f"{bench.home.runner} did not end in {limit:.0f} s",
            hint="give more time with --budget, or name fewer tests in its configuration",
        ) from exc
    finally:
        runner.put({})


def _why_not(failing: TestResult, options: Options) -> str:
    """Why no candidates are tried; empty when they are."""
    if "rewrite" not in options.engines:
        return "no engine of --engine has candidates for them: rewrite does"
    cold = failing.meta.get("cold", "")
    return f"the runner cannot be held in memory to try candidates: {cold}" if cold else ""


def _is_wanted(test: str, options: Options) -> bool:
    only = options.only
    return not only or any(test.startswith(one) or test.endswith(f" {one}") for one in only)


def _nothing(baseline: dict[str, TestResult], content: str) -> FixReport:
    count = sum(one.how == "passed" for one in baseline.values())
    tests = f"{count} tests, none fails" if baseline else "no tests were found"
    reason = "; ".join(filter(None, [content, tests]))
    return FixReport(status=FixStatus.NOTHING_FAILED, reason=reason)


def _done(report: FixReport, began: float) -> FixResult:
    return FixResult(_timed(report, began), {})


def _timed(report: FixReport, began: float) -> FixReport:
    return report.model_copy(update={"time_s": round(time.monotonic() - began, 3)})
