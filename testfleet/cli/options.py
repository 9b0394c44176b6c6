"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from testfleet.contracts.run import Mode

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


def parse_shards(text: str) -> int | Literal["auto"]:
    """`auto` or a number of at least 1. Raises a usage error otherwise."""
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"--shards takes a number from 1, or auto; got {text!r}")
    return int(text)
