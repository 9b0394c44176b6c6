"""What the adapters of Vitest, Jest and Playwright Test share: the reporters in `node/` inside the
tool tell each test live, and leave a file at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from testfleet.execution.environments import EnvironmentUnusableError
from testfleet.execution.frameworks.framework import (
    MESSAGE_LIMIT,
    Exit,
    Job,
    Reading,
    cut,
    first_line,
)
from testfleet.execution.frameworks.tools import named_tool, package_version

ANGLE: Final = " \u203a "
"""Between the names of suites and tests, as Jest and Playwright Test print them."""
REPORTERS: Final = Path(__file__).with_name("node")
_END: Final = "end.json"
_END_BYTES: Final = 1024 * 1024
_NUMBER: Final = re.compile(r" #\d{1,9}$")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_TELLING: Final = re.compile(r"(?:\w*Error\b|error:|\u25cf )", re.I)
"""How the lines begin that say what is wrong: the last sign is Jest's bullet."""


def installed_tool(job: Job, program: str, package: str, least: tuple[int, ...]) -> str:
    """The project's own program. Raises EnvironmentUnusableError when it is missing or too old."""
    hint = (
        f"install it (npm install --save-dev {package}), or set `setup` in [environment] of"
        ' testfleet.toml, e.g. ["npm ci"]'
    )
    tool = named_tool(job, program, hint)
    version = package_version(job, package)
    if version is not None and version < least:
        told, wanted = (".".join(map(str, numbers)) for numbers in (version, least))
        raise EnvironmentUnusableError(
            f"{package} {told} is too old to report to the worker",
            hint=f"install {package} {wanted} or newer",
        )
    return tool


def variables(job: Job) -> dict[str, str]:
    """What the reporters are told, and that nobody watches. Writes the selection into `scratch`."""
    selection = job.scratch / "selection.json"
    chosen = {"units": job.units, "excluded": job.excluded, "isAlone": job.only is not None}
    selection.write_text(json.dumps(chosen), encoding="ascii")
    told = {
        "TESTFLEET_EVENTS": str(job.events),
        "TESTFLEET_ROOT": str(job.tree),
        "TESTFLEET_SELECTION": str(selection),
        "TESTFLEET_END": str(job.scratch / _END),
    }
    return told if "CI" in job.environment else {**told, "CI": "true"}


def gives(args: Sequence[str], *options: str) -> bool:
    """Whether the user's arguments set one of these options, written `--name` or `-n`."""
    return any(
        arg == option or arg.startswith((f"{option}=", f"{option}."))
        for arg in args
        for option in options
    )


def without(args: Sequence[str], *options: str) -> list[str]:
    """The arguments but for these options and their values: most tools take an option once."""
    kept: list[str] = []
    is_value = False
    for arg in args:
        if not is_value and not gives([arg], *options):
            kept.append(arg)
        is_value = arg in options
    return kept


def read_end(job: Job, exit_: Exit, tool: str) -> Reading:
    """What the reporter has left, and what the exit status says beyond it."""
    told = _end(job)
    if told is None or told.get("isInterrupted") is True:
        is_refusal = told is None and exit_.is_own and exit_.status != 0
        return Reading(is_whole=False, misuse=_complaint(exit_) if is_refusal else "")
    problem, text = _problem(told, exit_, tool)
    notes = (f"{tool} did not end after its last test and was ended",)
    return Reading(
        is_whole=exit_.is_own,
        problem=problem,
        text=text,
        notes=notes if told.get("isHanging") is True else (),
    )


def names_in(job: Job, separator: str) -> str | None:
    """The part of the id `job.only` that follows the file. None: the id is the file itself."""
    unit, test = job.units[0] if job.units else "", job.only or ""
    _, found, names = test.partition(f"{unit}{separator}")
    return names if found else None


def name_pattern(names: str, separator: str) -> str:
    """A regular expression for the names as the tools join them, with a space. A separator may be
    part of a name, and a number that of a second test of the same name."""
    found = _joined(names, separator)
    number = _NUMBER.search(names)
    if number is None:
        return found
    return f"(?:{found}|{_joined(names[: number.start()], separator)})"


def _joined(names: str, separator: str) -> str:
    parts = (re.escape(part) for part in names.split(separator))
    return f"(?:{re.escape(separator)}| )".join(parts)


def _end(job: Job) -> dict[str, Any] | None:
    try:
        with (job.scratch / _END).open("rb") as file:
            told = json.loads(file.read(_END_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _problem(told: dict[str, Any], exit_: Exit, tool: str) -> tuple[str, str]:
    """One line and a text of what failed the run and is borne by no test."""
    problems = told.get("problems")
    texts = [
        str(one["longrepr"])
        for one in (problems if isinstance(problems, list) else [])
        if isinstance(one, dict) and one.get("longrepr")
    ]
    if texts:
        return first_line(texts[0]), cut("\n\n".join(texts))
    is_explained = told.get("failures") or told.get("isEmpty") is True
    if exit_.is_own and exit_.status != 0 and not is_explained:
        return f"{tool} ended with exit status {exit_.status} though no test failed", exit_.output
    return "", ""


def _complaint(exit_: Exit) -> str:
    """The line of a tool that would not run that says most."""
    lines = [line.strip() for line in _COLOUR.sub("", exit_.output).splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.match(line)]
    last = f"it ended with exit status {exit_.status} before it ran a test"
    return (telling or lines[-1:] or [last])[0][:MESSAGE_LIMIT]
