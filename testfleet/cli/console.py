"""How the command speaks: data on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@cache
def out() -> Console:
    """Standard output: what was asked for."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Standard error: progress, notes, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # A pipe has no width; wrapping at 80 would break paths and test ids that scripts look for.
    width = None if stream.isatty() else 10_000
    return Console(stderr=stderr, highlight=False, soft_wrap=not stream.isatty(), width=width)


def say(text: str) -> None:
    """One plain line of progress."""
    err().print(text, markup=False)


def show_error(message: str, hint: str = "") -> None:
    """What failed, and on its own line what to do next."""
    err().print("error: ", style="bold red", end="")
    err().print(message, markup=False)
    if hint:
        err().print(f"hint: {hint}", markup=False)


def print_json(value: Any) -> None:
    """Data for a program, on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True, default=str) + "\n")


MAX_LINE = 160


def clip(text: str) -> str:
    """One line that cannot flood a terminal, whatever a test calls itself."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"
