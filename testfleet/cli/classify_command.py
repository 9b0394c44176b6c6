"""`testfleet classify`: what failed and why, read from messages or whole logs."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.contracts.failure import Classification
    from testfleet.triage.classify import Chain

_MOST_READ = 256 * 1024 * 1024
_AT_A_TIME = 256


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(classify)


def classify(
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--input", metavar="FILE", help='Lines {"id","text"}. Default: a log on stdin.'
        ),
    ] = None,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Ask no model, only the catalogue of messages.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Tell what failed and why, from messages or whole CI logs.

    With --input each line is answered by one line, in order. A line that cannot be read is named,
    the others are answered, and the exit code is 2.
    """
    chain = _chain(rules_only=rules_only)
    if file is None:
        _answer_log(chain, json=json)
        return
    bad = _answer_file(chain, file, json=json)
    if bad:
        raise UsageError(
            f"{bad} lines of {file} cannot be read, the others are answered",
            hint='each line is a JSON object with the texts "id" and "text"',
        )


def _chain(*, rules_only: bool) -> Chain:
    from testfleet.triage.classify import Chain
    from testfleet.triage.standard import standard_chain

    return Chain() if rules_only else standard_chain()


# ------------------------------------------------------------------ one log


def _answer_log(chain: Chain, *, json: bool) -> None:
    if sys.stdin.isatty():
        raise UsageError(
            "there is nothing to classify", hint="pipe a log into it, or name a file with --input"
        )
    found = chain.classify([sys.stdin.buffer.read(_MOST_READ)])[0]
    if json:
        print_json(_data(found))
        return
    out().print(_sentence(found), markup=False)
    for line in found.evidence:
        out().print(f"{line.line:>7}  {line.text}", markup=False)


def _sentence(found: Classification) -> str:
    sure = f"{found.confidence:.0%} sure, by {found.model}"
    return f"{found.domain.value}: {found.cause.value} ({sure})"


def _data(found: Classification) -> dict[str, Any]:
    return {
        "domain": found.domain.value,
        "cause": found.cause.value,
        "confidence": round(found.confidence, 4),
        "model": found.model,
        "evidence": [line.text for line in found.evidence],
        "lines": [line.line for line in found.evidence],
    }


# ------------------------------------------------------------------ many, as JSON lines


@dataclass(frozen=True)
class _Asked:
    id: str | int
    text: str


def _answer_file(chain: Chain, file: Path, *, json: bool) -> int:
    """Answer the file's lines; how many could not be read."""
    bad = 0
    batch: list[_Asked] = []
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            batch.append(_read(line))
        except ValueError as exc:
            bad += 1
            say(f"{file}:{number}: {exc}")
        if len(batch) == _AT_A_TIME:
            _answer_batch(chain, batch, json=json)
            batch = []
    _answer_batch(chain, batch, json=json)
    return bad


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as stream:
            yield from stream
    except OSError as exc:
        raise UsageError(
            f"{file} cannot be read: {exc.strerror}", hint="--input takes a file of JSON lines"
        ) from exc


def _read(line: str) -> _Asked:
    """One line. Raises ValueError with what is wrong with it."""
    try:
        value = json_module.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"is no JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise ValueError(f"is no JSON object but {type(value).__name__}")
    id_, text = value.get("id"), value.get("text")
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise ValueError('has no "id" that is a text or a whole number')
    if not isinstance(text, str):
        raise ValueError('has no "text" that is a text')
    return _Asked(id_, text)


def _answer_batch(chain: Chain, batch: list[_Asked], *, json: bool) -> None:
    answers = chain.classify([one.text for one in batch])
    for asked, found in zip(batch, answers, strict=True):
        if json:
            line = json_module.dumps({"id": asked.id} | _data(found), ensure_ascii=True)
            sys.stdout.write(line + "\n")
        else:
            out().print(f"{asked.id}  {_sentence(found)}", markup=False)
