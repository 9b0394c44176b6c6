"""Projects in the shapes that real ones have: on the fleet they give what plain pytest gives."""

import json
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.command import BIN, user_environment, write
from tests.e2e.layouts import EVERYDAY, OTHERS, Layout

LAYOUTS = {"everyday": Layout(EVERYDAY), **OTHERS}
GRAVEST_FIRST = ("failed", "error", "skipped", "passed")
AT_ONCE = 3


@pytest.fixture(scope="module")
def results(cli, tmp_path_factory):
    """By layout: the future of its run on the fleet and at home."""
    top = tmp_path_factory.mktemp("layouts")

    def both(number, layout):
        root = write(top / f"layout-{number}", layout.files)
        return cli.run(root, "--shards", "3", args=layout.args), at_home(root, layout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(both, number, layout)
            for number, (name, layout) in enumerate(LAYOUTS.items())
        }


def at_home(root, layout):
    """Outcome by test id under plain pytest, kept going as the fleet keeps going."""
    log = root.parent / f"{root.name}.jsonl"
    done = subprocess.run(
        [
            BIN / "pytest",
            *("--continue-on-collection-errors", "--report-log", log),
            *(layout.args + layout.plain_args),
        ],
        cwd=root / layout.suite_root,
        env={**user_environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    assert log.exists(), done.stderr.decode()
    seen = defaultdict(set)
    for line in log.read_text("utf-8").splitlines():
        report = json.loads(line)
        if outcome := phase_outcome(report):
            seen[report["nodeid"]].add(outcome)
    return {
        test: next(outcome for outcome in GRAVEST_FIRST if outcome in outcomes)
        for test, outcomes in seen.items()
    }


def phase_outcome(report):
    kind, outcome = report["$report_type"], report.get("outcome")
    if kind == "CollectReport":
        return {"failed": "error", "skipped": "skipped"}.get(outcome)
    if kind == "SubTestReport":
        return "failed" if outcome == "failed" else None
    if kind == "TestReport" and outcome == "failed" and report["when"] != "call":
        return "error"
    return outcome if kind == "TestReport" else None


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_fleet_gives_what_plain_pytest_gives(results, name):
    done, home = results[name].result()
    assert done.outcomes == home
    assert home
    assert done.code == (1 if {"failed", "error"} & set(home.values()) else 0)
    assert done.report["errors"] == []
