"""Real suites under plain pytest, pytest-xdist and Testfleet: same outcomes? how long?

    python -m benchmarks.run_suites [NAME ...] [--repeat 3] [--others 1] [--outcomes]

One run on one machine, the programs interleaved, wall time of whole processes, medians. Each
repeat has a fleet of its own without any past: `first` is the very first run of a suite on it,
`warm` the second. xdist's other modes are shown beside, `--others` times each.
Ends with 1 when any run of Testfleet had other outcomes than plain pytest.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import (
    Timed,
    conditions,
    describe_conditions,
    describe_load,
    guarded,
    run_timed,
)
from benchmarks.outcomes import Difference, Recorded, differences, read_report, realised_ratio
from benchmarks.suite_table import Row, render
from benchmarks.suites import CACHE, Suite, load_suites, prepare, record

WORKERS = 2
RESULTS = CACHE / "results"
OTHERS = ("load", "loadscope", "worksteal")


@dataclass
class Measured:
    """Everything that is found out about one suite."""

    suite: Suite
    plain: Recorded
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds by mode."""
    realised: list[float] = field(default_factory=list)
    """Of each warm run: makespan of the shards by the lower bound of their units."""
    problems: list[str] = field(default_factory=list)
    """Where an outcome under Testfleet is another than under plain pytest."""
    notes: list[str] = field(default_factory=list)
    """Where xdist ended otherwise than plain pytest."""

    def row(self) -> Row:
        """What the table shows."""
        seconds = self.plain.seconds.values()
        return Row(
            suite=self.suite.name,
            tests=len(self.plain.outcomes),
            times={mode: sorted(values) for mode, values in self.times.items()},
            bound_s=max(*seconds, sum(seconds) / WORKERS),
            realised=sorted(self.realised),
            problems=self.problems,
            notes=self.notes,
        )


def measure_plain(suite: Suite) -> Measured:
    """Outcomes at home. It also fills caches, so that none of the timed runs pays for them."""
    prepare(suite)
    return Measured(suite, record(suite, "plain"))


def order(repeat: int, others: int) -> list[str]:
    """The modes of one repeat. What comes after what changes from repeat to repeat."""
    if others < 0:
        return ["first", "warm"]
    extra = [f"xdist {mode}" for mode in OTHERS] if repeat < others else []
    if repeat % 2 == 0:
        return ["plain", "first", "xdist loadfile", "warm", *extra]
    return ["first", "warm", "xdist loadfile", "plain", *extra]


def measure_mode(one: Measured, mode: str, fleet: OwnFleet) -> Timed:
    """Run a suite once and keep its time."""
    if mode in ("first", "warm"):
        timed = run_testfleet(one, mode, fleet)
    else:
        words = mode.split()
        command = [one.suite.pytest]
        options = [f"-n{WORKERS}", f"--dist={words[1]}"] if len(words) > 1 else []
        log = RESULTS / f"{one.suite.name}-{'-'.join(words)}.txt"
        timed = run_timed([*command, *options], one.suite.folder, log)
        if timed.code != one.plain.code:
            one.notes.append(f"{mode} ended with {timed.code}, plain pytest with {one.plain.code}")
    one.times[mode].append(timed.wall_s)
    return timed


def run_testfleet(one: Measured, mode: str, fleet: OwnFleet) -> Timed:
    """Run a suite as a user does, and compare each outcome."""
    base = RESULTS / f"{one.suite.name}-{mode}"
    report, junit = Path(f"{base}.json"), Path(f"{base}.xml")
    report.unlink(missing_ok=True)
    timed = fleet.command(
        "run", one.suite.folder, "--report", report, "--junit", junit, log=Path(f"{base}.txt")
    )
    if timed.code != one.plain.code:
        one.problems.append(f"{mode}: ended with {timed.code}, plain pytest with {one.plain.code}")
    if not report.is_file():
        one.problems.append(f"{mode}: no report, see {base.name}.txt")
        return timed
    if mode == "warm":
        one.realised.append(realised_ratio(report))
    unequal = differences(one.plain.outcomes, read_report(report))
    one.problems.extend(f"{mode}: {difference}" for difference in explain(one, unequal))
    return timed


def explain(one: Measured, unequal: list[Difference]) -> list[str]:
    """The differences; each with a remark when plain pytest does not agree with itself either."""
    if not unequal:
        return []
    again = record(one.suite, "again").outcomes
    return [
        f"{difference}"
        + (
            ""
            if again.get(difference.id) == one.plain.outcomes.get(difference.id)
            else f" (plain pytest says {again.get(difference.id)} the next time)"
        )
        for difference in unequal
    ]


def measure(suites: list[Suite], repeat: int, others: int) -> Iterator[list[Measured]]:
    """All suites, all modes, interleaved. Yields all that is known after each repeat."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = []
    for suite in suites:
        say(f"{suite.name}: outcomes under plain pytest")
        found.append(measure_plain(suite))
    for at in range(repeat):
        with own_fleet(f"suites-{at}") as fleet:
            fleet.up()
            for one in found:
                for mode in order(at, others):
                    timed = measure_mode(one, mode, fleet)
                    done = f"{at + 1}/{repeat} {one.suite.name} {mode}: {timed.wall_s:.2f} s"
                    say(f"{done}, load {os.getloadavg()[0]:.1f}")
        yield found


def compare(suites: list[Suite], repeat: int) -> int:
    """Only whether the outcomes are the same."""
    *_, found = measure(suites, repeat, others=-1)
    for one in found:
        print(
            f"{one.suite.name}: {len(one.plain.outcomes)} tests,"
            f" {len(one.problems) or 'no'} differences"
        )
        print("".join(f"    {problem}\n" for problem in one.problems[:50]), end="")
    return 1 if any(one.problems for one in found) else 0


def save(path: Path, before: dict[str, str], rows: list[Row]) -> None:
    """Keep what is known so far: a run of an hour may be interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "conditions": before | {"load after": describe_load()},
        "suites": [row.data() for row in rows],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--others", type=int, default=1, help="times of xdist's other modes")
    parser.add_argument("--json", type=Path, default=RESULTS / "suites.json")
    parser.add_argument("--outcomes", action="store_true", help="compare outcomes, time nothing")
    options = parser.parse_args()
    if options.outcomes:
        return compare(load_suites(options.names), options.repeat)
    before = conditions()
    print(describe_conditions() + "\n", flush=True)
    for found in measure(load_suites(options.names), options.repeat, options.others):
        rows = [one.row() for one in found]
        save(options.json, before, rows)
    print(render(rows))
    print(f"\nload after {describe_load()}; all numbers: {options.json}")
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(guarded(main))
