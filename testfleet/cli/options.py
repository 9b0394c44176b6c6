"""Options that several commands share."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from testfleet.contracts.run import Fallback, Mode, Objectives

DEFAULT_STRATEGY: Final = Objectives().strategy

EnvOption = Annotated[
    str, typer.Option("--env", help="Where to run: a file of config/, e.g. local or dev.")
]
PathArgument = Annotated[Path, typer.Argument(help="Root of the project under test.")]
SuiteOption = Annotated[
    str | None, typer.Option("--suite", metavar="NAME", help="Suite of testfleet.toml.")
]
ShardsOption = Annotated[
    str,
    typer.Option("--shards", metavar="N|auto", help="How many shards; auto: the plan says."),
]
ModeOption = Annotated[Mode, typer.Option("--mode", help="How much of the tests' world is real.")]
FallbackOption = Annotated[
    Fallback,
    typer.Option(
        "--fallback", help="Run what was lost again on the whole fleet, or on a single worker."
    ),
]
RecordCoverageOption = Annotated[
    bool,
    typer.Option(
        "--record-coverage",
        help="Keep which functions each file enters, for --changed-since. Slower: a process each.",
    ),
]
StrategyOption = Annotated[
    str,
    typer.Option("--strategy", metavar="NAME", help="How files become shards; see the reference."),
]
ChangedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REV",
        help="Only tests that what changed since the branch left REV can reach.",
    ),
]
DeadlineOption = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="TIME",
        help="For the tests, e.g. 90s or 10m: the cheapest plan that meets it.",
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        "--max-cost", metavar="USD", help="For the tests: fastest plan that costs no more."
    ),
]

ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.json", help="Write the report here.")
]
JunitOption = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE.xml", help="Write the merged JUnit file here."),
]
SarifOption = Annotated[
    Path | None,
    typer.Option(
        "--sarif", metavar="FILE.sarif", help="Write failures for code hosts here (SARIF)."
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE.html", help="Write the report for people here."),
]

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_STRATEGY = re.compile(r"[a-z][a-z0-9-]{0,40}")
_TIME = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")


def parse_objectives(strategy: str, deadline: str | None, max_cost: float | None) -> Objectives:
    """Check what a plan is to reach. Raises a usage error that says what was expected."""
    if not _STRATEGY.fullmatch(strategy):
        raise typer.BadParameter(f"--strategy takes a name like balanced; got {strategy!r}")
    return Objectives(
        strategy=strategy, deadline_s=_parse_time(deadline), max_usd=_parse_usd(max_cost)
    )


def _parse_time(text: str | None) -> float | None:
    if text is None:
        return None
    found = _TIME.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if seconds <= 0:
        raise typer.BadParameter(
            f"--deadline takes a time above zero like 90s, 10m or 1h; got {text!r}"
        )
    return seconds


def _parse_usd(amount: float | None) -> float | None:
    if amount is not None and not (amount > 0 and math.isfinite(amount)):
        raise typer.BadParameter(f"--max-cost takes dollars above zero, like 0.05; got {amount}")
    return amount


def parse_shards(text: str) -> int | Literal["auto"]:
    """`auto` or a number of at least 1. Raises a usage error otherwise."""
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"--shards takes a number from 1, or auto; got {text!r}")
    return int(text)
