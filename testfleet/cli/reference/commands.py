"""docs/reference/cli.md, from the command's own description of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import typer

from testfleet.cli.main import app
from testfleet.cli.reference.markdown import page, prose, table

_INTRO = """\
`testfleet --help` and `testfleet COMMAND --help` print the same. Data go to standard output,
progress and errors to standard error. What each exit code means: [Exit codes](exit-codes.md)."""

_VARIABLES = (
    ("`TESTFLEET_HOME`", "Folder of the fleet's state instead of `.testfleet/` in the checkout."),
    ("`TESTFLEET_PORT`", "Port of the embedded AWS. Without it, the fleet takes a free one."),
    (
        "`TESTFLEET_WORK_ROOT`",
        "Folder of the workers' working copies and caches. Without it, one of the fleet's own in"
        " the temporary folder. Read when the fleet starts.",
    ),
    ("`VIRTUAL_ENV`", "An activated virtual environment may be the one that the tests run under."),
    ("`AWS_PROFILE` and the like", "Credentials for `--env` other than `local`, as boto3 reads."),
)

_ANY_NUMBER = -1
_TAKE_FRAMEWORK_ARGS = ("run", "plan")


@dataclass(frozen=True)
class Parameter:
    """One argument or option."""

    name: str
    """As typed: `PATH`, or `--keep-going / --fail-fast`."""
    value: str
    default: str
    help: str
    is_argument: bool
    is_required: bool

    @classmethod
    def of(cls, raw: Any) -> Parameter:
        """From what Typer made of a function's parameter."""
        is_argument = not raw.opts[0].startswith("-")
        more = "..." if raw.nargs == _ANY_NUMBER else ""
        names = [raw.opts[0].upper() + more] if is_argument else [*raw.opts, *raw.secondary_opts]
        return cls(
            name=" / ".join(names),
            value=_value(raw),
            default="required" if raw.required else _default(raw),
            help=raw.help or "",
            is_argument=is_argument,
            is_required=raw.required,
        )


@dataclass(frozen=True)
class Command:
    """One command of `testfleet`."""

    name: str
    help: str
    parameters: tuple[Parameter, ...]

    @property
    def usage(self) -> str:
        """`testfleet run [OPTIONS] [PATH]`, with `-- FRAMEWORK ARGS` where they are taken."""
        arguments = [each for each in self.parameters if each.is_argument]
        words = ["testfleet", self.name]
        words += ["[OPTIONS]"] if len(arguments) < len(self.parameters) else []
        words += [each.name if each.is_required else f"[{each.name}]" for each in arguments]
        words += ["[-- FRAMEWORK ARGS]"] if self.name in _TAKE_FRAMEWORK_ARGS else []
        return " ".join(words)


def commands() -> list[Command]:
    """All commands, in the order of the help; those of a group under its name and theirs."""
    return list(_of_group(typer.main.get_command(app), ""))


def _of_group(group: Any, prefix: str) -> Iterator[Command]:
    for name, raw in group.commands.items():
        if hasattr(raw, "commands"):
            yield from _of_group(raw, f"{prefix}{name} ")
        else:
            parameters = tuple(Parameter.of(each) for each in raw.params)
            yield Command(f"{prefix}{name}", prose(raw.help), parameters)


def cli_page() -> str:
    """The text of the page."""
    sections = [block for command in commands() for block in _section(command)]
    variables = table(("Variable", "Meaning"), _VARIABLES)
    return page("The `testfleet` command", [_INTRO, *sections, "## Environment", variables])


def _section(command: Command) -> Iterator[str]:
    yield f"## testfleet {command.name}"
    yield f"```text\n{command.usage}\n```"
    yield command.help
    if command.parameters:
        yield table(("Parameter", "Value", "Default", "Meaning"), _rows(command.parameters))


def _rows(parameters: Iterable[Parameter]) -> Iterator[tuple[str, str, str, str]]:
    for each in parameters:
        yield f"`{each.name}`", each.value, each.default, each.help


def _value(raw: Any) -> str:
    if getattr(raw, "is_flag", False):
        return ""
    if raw.metavar:
        return f"`{raw.metavar}`"
    if isinstance(raw.default, Enum):
        return " or ".join(f"`{choice.value}`" for choice in type(raw.default))
    if isinstance(raw.default, int):
        return f"number from {raw.min} to {raw.max}"
    return "text"


def _default(raw: Any) -> str:
    if raw.default is None:
        return ""
    if raw.secondary_opts:
        return f"`{raw.opts[0] if raw.default else raw.secondary_opts[0]}`"
    if isinstance(raw.default, bool):
        return ""
    return f"`{raw.default.value if isinstance(raw.default, Enum) else raw.default}`"
