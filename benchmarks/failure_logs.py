"""CI logs around a failure: set-up, passing tests, warnings, recovered errors, the end of the step.

Made from a seed. The failure is put in as it stands, a line of the log for a line of it; around it
are 60 to 5,000 lines of what npm, pip, Gradle, Go and Docker print when nothing is wrong, and
trouble that failed nothing: deprecations, compiler warnings, a retried download, errors that a
passing test prints. Nothing here was taken from a real log.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.failure_styles import STYLES, Style

NAMES = ("cart", "billing", "login", "search", "profile", "upload", "report", "mailer", "queue")
PACKAGES = ("lodash", "left-pad", "chalk", "vite", "semver", "glob", "rimraf", "uuid", "inflight")
WHEELS = ("numpy", "urllib3", "attrs", "pluggy", "Jinja2", "certifi", "idna", "packaging", "six")


@dataclass(frozen=True)
class MadeLog:
    """A log, and where its failure stands."""

    text: str
    first: int
    """Line of the failure's first line, from 1."""
    last: int
    style: str


def read_noise(path: Path) -> list[list[list[str]]]:
    """Sets of blocks of lines."""
    sets = path.read_text("utf-8").rstrip("\n").split("\n@@@ ")[1:]
    return [[block.split("\n")[1:] for block in one.split("\n@@")[1:]] for one in sets]


NOISE = read_noise(Path(__file__).with_name("failure_noise.txt"))

GITHUB_END = (
    "##[error]Process completed with exit code 1.",
    "Post job cleanup.",
    "Cleaning up orphan processes",
)
GITLAB_END = (
    "Cleaning up project directory and file based variables",
    "ERROR: Job failed: exit code 1",
)


def make_log(failure: str, seed: int) -> MadeLog:
    """A log of 60 to 5,000 lines with this failure in it."""
    dice = random.Random(seed)
    style = dice.choice(STYLES)
    body = failure.rstrip("\n").split("\n")
    size = max(60, int(math.exp(dice.uniform(math.log(60), math.log(5_000)))))
    room = max(20, size - len(body))
    before = int(room * dice.uniform(0.4, 0.97))
    after = min(room - before, int(60 * dice.random()) if dice.random() < 0.7 else room)
    head = [*_noise(style, dice, before, tests_from=0.4)]
    tail = [*_noise(style, dice, after, tests_from=0.0), *_end(style, dice)]
    stamped = _stamper(dice)
    lines = [stamped(line) for line in (*head, *body, *tail)]
    return MadeLog("\n".join(lines), len(head) + 1, len(head) + len(body), style.name)


def _noise(style: Style, dice: random.Random, count: int, *, tests_from: float) -> list[str]:
    """So many lines of a job in which nothing is wrong."""
    lines: list[str] = []
    while len(lines) < count:
        testing = len(lines) >= tests_from * count
        if dice.random() < 0.06:
            chosen = _trouble(style, dice)
        else:
            chosen = (dice.choice(style.passing if testing else style.setup),)
        lines.extend(_filled(line, dice) for line in chosen)
    return lines


def _trouble(style: Style, dice: random.Random) -> Sequence[str]:
    """Some that failed nothing."""
    sets = (style.harmless, *NOISE)
    return dice.choice(dice.choice(sets))


def _end(style: Style, dice: random.Random) -> Iterator[str]:
    if dice.random() < 0.8:
        yield from (_filled(line, dice) for line in style.end)
    if dice.random() < 0.85:
        yield from dice.choice((GITHUB_END, GITLAB_END))


def _filled(line: str, dice: random.Random) -> str:
    return line.format(
        n=dice.randrange(100, 9_999),
        k=dice.randrange(1, 99),
        d=dice.randrange(1, 9),
        name=dice.choice(NAMES),
        package=dice.choice(PACKAGES),
        wheel=dice.choice(WHEELS),
    )


def _stamper(dice: random.Random) -> Callable[[str], str]:
    """How this CI writes a line."""
    clock = [datetime(2024, 3, dice.randrange(1, 28), dice.randrange(24), tzinfo=UTC)]
    colour = dice.random() < 0.3

    def stamp(line: str, form: str) -> str:
        clock[0] += timedelta(milliseconds=dice.randrange(900))
        if colour and line.strip() and dice.random() < 0.4:
            line = f"\x1b[{dice.choice((31, 32, 33, 90))}m{line}\x1b[0m"
        return clock[0].strftime(form) + line

    forms = ("%Y-%m-%dT%H:%M:%S.%f0Z ", "%Y-%m-%dT%H:%M:%S.%fZ 01O ", "[%H:%M:%S] ", "")
    form = dice.choice(forms)
    return lambda line: stamp(line, form)
