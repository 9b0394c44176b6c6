"""CI logs of 60 to 5,000 lines around a failure, out of families of noise.

A family is what one kind of job prints when nothing is wrong, and its harmless trouble. A log runs
through one to three families, as jobs do (check-out, installation, build, tests); the failure
stands in the last or somewhere before, and healthy lines may follow it.
"""

# ruff: noqa: E501  lines of logs are as long as they are

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.failure_logs import NAMES, PACKAGES, WHEELS, MadeLog

HERE = Path(__file__).parent
_HOLE = re.compile(r"\{(\w+)\}")
ENDS = (
    ("##[error]Process completed with exit code 1.", "Post job cleanup."),
    ("Error: Process completed with exit code 2.", "Post Run actions/checkout@v4"),
    ("Cleaning up project directory and file based variables", "ERROR: Job failed: exit code 1"),
    ("The command exited with 1.", "Done. Your build exited with 1."),
    ("Exited with code exit status 1",),
    ("script returned exit code 1", "Finished: FAILURE"),
    (),
)
FOLLOWS = (
    "error: test failed, to rerun pass `--lib`",
    "error: could not compile `app` (lib) due to 2 previous errors",
    "FAILED (failures=1)",
    "FAILED (errors=1, skipped=2)",
    "> Task :app:test FAILED",
    "BUILD FAILED in {k}s",
    "error: Recipe `test` failed on line {k} with exit code 1",
    'task: Failed to run task "test": exit status 1',
    "ninja: build stopped: subcommand failed.",
    "nox > Session tests-3.11 failed.",
    "  py311: FAIL code 1 ({k}.{d}=setup[{d}.1]+cmd[{k}.2] seconds)",
    "  evaluation failed :( ({k}.{d} seconds)",
    " NX   Running target test for project {name} failed",
    " ERROR  run failed: command  exited (1)",
    "{name}:test: ERROR: command finished with error: command (/app/{name}) npm run test exited (1)",
    "  ✖  1 of {k} failed ({d}%)",
    "Build did NOT complete successfully",
    "INFO: Build completed, 1 test FAILED, {n} total actions",
    "make[{d}]: *** [Makefile:{k}: test] Error 1",
    "error Command failed with exit code {d}.",
    "info Visit https://yarnpkg.com/en/docs/cli/run for documentation about this command.",
    "npm ERR! Test failed.  See above for more details.",
    'error: script "test" exited with code 1',
    "Failed tests: {d}",
    "  {d} failed",
    "FAIL",
    "exit status 1",
    "Error: The process '/usr/bin/{name}' failed with exit code 1",
    "##[error]Bash exited with code '1'.",
    "##[error]PowerShell exited with code '1'.",
    "Exited with code 1",
    "Error: Command failed: npm test",
    "subprocess.CalledProcessError: Command '['make', 'test']' returned non-zero exit status 2.",
    "ERROR: InvocationError for command /app/.tox/py38/bin/pytest (exited with code 1)",
    "ERROR: Service '{name}' failed to build: The command '/bin/sh -c npm run build' returned a non-zero code: 1",
    'error: failed to solve: process "/bin/sh -c npm test" did not complete successfully: exit code: 1',
    "Task failed with exit code 1",
    "ELIFECYCLE  Test failed. See above for more details.",
    "Test run failed.",
    "Tests failed: 1, passed: {k}",
    "pre-commit hook exited with code 1",
)
"""What tools say after a failure that said it all."""
STAMPS = (
    "%Y-%m-%dT%H:%M:%S.%f0Z ",
    "%Y-%m-%dT%H:%M:%S.%fZ 01O ",
    "[%H:%M:%S] ",
    "[%Y-%m-%dT%H:%M:%S.%fZ] ",
    "%H:%M:%S ",
    "",
    "",
)


@dataclass
class Family:
    """What one kind of job prints."""

    name: str
    setup: list[str] = field(default_factory=list)
    passing: list[str] = field(default_factory=list)
    harmless: list[list[str]] = field(default_factory=list)
    end: list[str] = field(default_factory=list)


def read_families(path: Path) -> list[Family]:
    """All families of a file."""
    families = []
    for one in re.split(r"^@@@ ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = one.partition("\n")
        family = Family(name.strip())
        for part in re.split(r"^@@ ", rest, flags=re.MULTILINE)[1:]:
            kind, _, body = part.partition("\n")
            lines = body.rstrip("\n").split("\n")
            if kind.strip() == "harmless":
                family.harmless.append(lines)
            else:
                getattr(family, kind.strip()).extend(lines)
        families.append(family)
    return families


def make_log(failure: str, families: Sequence[Family], seed: int) -> MadeLog:
    """A log with this failure in it, a line of the log for a line of it."""
    dice = random.Random(seed)
    body = failure.rstrip("\n").split("\n")
    size = max(60, int(math.exp(dice.uniform(math.log(60), math.log(5_000)))))
    room = max(20, size - len(body))
    share = dice.uniform(0.4, 0.98)
    chosen = [dice.choice(families) for _ in range(dice.choice((1, 1, 2, 2, 3)))]
    rate = dice.choice((0.01, 0.03, 0.06, 0.12))
    head = _noise(chosen, dice, max(1, int(room * share)), rate)
    after = min(room - int(room * share), int(40 * dice.random()) if dice.random() < 0.6 else room)
    tail = _noise(chosen[-1:], dice, after, rate) if dice.random() < 0.75 else []
    if dice.random() < 0.7:
        tail += [_filled(line, dice) for line in chosen[-1].end]
    if dice.random() < 0.5:
        tail += [_filled(dice.choice(FOLLOWS), dice) for _ in range(dice.randrange(1, 3))]
    tail += dice.choice(ENDS)
    stamp = _Stamp(dice)
    lines = [stamp(line) for line in (*head, *body, *tail)]
    names = "+".join(dict.fromkeys(family.name for family in chosen))
    return MadeLog("\n".join(lines), len(head) + 1, len(head) + len(body), names)


def _noise(families: Sequence[Family], dice: random.Random, count: int, rate: float) -> list[str]:
    lines: list[str] = []
    while len(lines) < count:
        at = len(lines) / max(1, count) * len(families)
        family = families[min(int(at), len(families) - 1)]
        testing = at - int(at) > 0.5 if len(families) == 1 else at > len(families) - 0.7
        if family.harmless and dice.random() < rate:
            chosen: Sequence[str] = dice.choice(family.harmless)
        else:
            chosen = (dice.choice((family.passing if testing else family.setup) or [""]),)
        values = _values(dice)
        lines.extend(_fill(line, values) for line in chosen)
    return lines


def _values(dice: random.Random) -> Mapping[str, object]:
    return {
        "n": dice.randrange(100, 9_999),
        "k": dice.randrange(1, 99),
        "d": dice.randrange(1, 9),
        "name": dice.choice(NAMES),
        "package": dice.choice(PACKAGES),
        "wheel": dice.choice(WHEELS),
    }


def _filled(line: str, dice: random.Random) -> str:
    return _fill(line, _values(dice))


def _fill(line: str, values: Mapping[str, object]) -> str:
    filled = _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), line)
    return filled.replace("{{", "{").replace("}}", "}")


class _Stamp:
    """How this CI writes a line."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.clock = datetime(2024, 3, dice.randrange(1, 28), dice.randrange(24), tzinfo=UTC)
        self.form = dice.choice(STAMPS)
        self.colour = dice.random() < 0.3

    def __call__(self, line: str) -> str:
        self.clock += timedelta(milliseconds=self.dice.randrange(900))
        if self.colour and line.strip() and self.dice.random() < 0.4:
            line = f"\x1b[{self.dice.choice((31, 32, 33, 90))}m{line}\x1b[0m"
        return self.clock.strftime(self.form) + line if self.form else line
