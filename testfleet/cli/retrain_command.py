"""`testfleet retrain`: let the embedded model learn from corrections, if that makes it better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json
from testfleet.cli.fleet_commands import JsonOption
from testfleet.errors import FleetError, UsageError

if TYPE_CHECKING:
    from testfleet.triage.model.retraining import Marks
    from testfleet.triage.model.table import Table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retrain)


def retrain(
    corrections: Annotated[
        Path,
        typer.Argument(metavar="FILE", help='Lines {"text","domain","cause"}, as they should be.'),
    ],
    *,
    frozen: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Labelled failures to measure on, beside the shipped ones."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure, and keep the model.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Let the embedded model learn from corrections; keep the result only if it is better.

    Better: it knows more of the corrections, and no less of failures that took no part in training.
    The next `testfleet up` takes the new model along.
    """
    from testfleet.triage.model.embedded import FILE, load_embedded
    from testfleet.triage.model.retraining import FROZEN, marks, read_labelled, retrained

    embedded = load_embedded()
    if embedded is None:
        raise FleetError(f"the model {FILE} cannot be read", hint="install Testfleet anew")
    learnt = read_labelled(corrections)
    held = read_labelled(FROZEN) + (read_labelled(frozen) if frozen else [])
    content = retrained(embedded.model.table, learnt)
    new = _read(content)
    found = {
        "corrections": (marks(embedded.model.table, learnt), marks(new, learnt)),
        "frozen": (marks(embedded.model.table, held), marks(new, held)),
    }
    better = _is_better(found)
    if better and not dry_run:
        _write(FILE, content)
    _tell(found, name=new.facts.name, better=better, kept=better and not dry_run, json=json)


def _read(content: bytes) -> Table:
    import tempfile

    from testfleet.triage.model.table import load_table

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.bin"
        path.write_bytes(content)
        return load_table(path)


def _is_better(found: dict[str, tuple[Marks, Marks]]) -> bool:
    """More of the corrections are right, and nothing is worse on what was kept out."""
    (old, new), (old_held, new_held) = found["corrections"], found["frozen"]
    kept = new_held.both >= old_held.both and new_held.domain >= old_held.domain
    return kept and new.both > old.both


def _write(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as exc:
        raise UsageError(f"{file} cannot be written: {exc.strerror}") from exc


def _tell(
    found: dict[str, tuple[Marks, Marks]], *, name: str, better: bool, kept: bool, json: bool
) -> None:
    from dataclasses import asdict

    if json:
        shares = {
            part: {"before": asdict(old), "after": asdict(new)}
            for part, (old, new) in found.items()
        }
        print_json({"model": name, "is_better": better, "is_promoted": kept, **shares})
        return
    for part, (old, new) in found.items():
        out().print(
            f"{part}: domain {old.domain:.1%} -> {new.domain:.1%}, "
            f"cause {old.cause:.1%} -> {new.cause:.1%}, both {old.both:.1%} -> {new.both:.1%}"
        )
    if kept:
        out().print(f"{name} is in use")
    else:
        out().print(
            f"{name} is {'better' if better else 'no better'}, and the model stays as it was"
        )
