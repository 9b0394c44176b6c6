"""`testfleet impact`: which tests a change can reach, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, PathArgument, SuiteOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testfleet.cli.request import Draft
    from testfleet.contracts.change import FileChange
    from testfleet.contracts.coverage import SuiteCoverage
    from testfleet.contracts.history import UnitHistory
    from testfleet.contracts.impact import UnitImpact
    from testfleet.contracts.plan import PlannedUnit, Unit
    from testfleet.planning.impact.selection import Selection

_SKIPPED_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(impact)


def impact(
    context: typer.Context,
    rev: Annotated[
        str, typer.Argument(metavar="REV", help="Branch, tag or commit to compare with.")
    ],
    path: PathArgument = Path(),
    *,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Show which tests of PATH can see what changed since the branch left REV, and why.

    Reads the sources and runs none of them. What is not committed yet counts too.
    """
    from testfleet.cli.request import RunOptions, draft_run
    from testfleet.scm.changes import changes_since

    options = RunOptions(
        path=path,
        suite=suite,
        framework_args=context.obj or (),
        env=env,
    )
    draft = draft_run(options)
    changes = changes_since(draft.root, rev, frozenset(draft.files))
    found = _select(draft, changes)
    if json:
        print_json(found.data(rev))
    else:
        found.print()


@dataclass(frozen=True)
class _Found:
    """Everything there is to show."""

    changes: Sequence[FileChange]
    selection: Selection
    planned: Mapping[str, PlannedUnit]

    @property
    def decisions(self) -> list[UnitImpact]:
        return list(self.selection.reasons.values())

    def seconds(self, *, selected: bool) -> float:
        return sum(
            self.planned[one.unit].predicted_s for one in self.decisions if one.selected is selected
        )

    @property
    def share(self) -> float:
        whole = self.seconds(selected=True) + self.seconds(selected=False)
        return self.seconds(selected=True) / whole if whole else 0.0

    def data(self, rev: str) -> dict[str, Any]:
        return {
            "rev": rev,
            "changes": [change.model_dump(mode="json") for change in self.changes],
            "selected": len(self.selection.selected),
            "skipped": len(self.decisions) - len(self.selection.selected),
            "selected_s": self.seconds(selected=True),
            "skipped_s": self.seconds(selected=False),
            "share": self.share,
            "notes": list(self.selection.notes),
            "units": [
                one.model_dump(mode="json")
                | {"predicted_s": self.planned[one.unit].predicted_s}
                | {"known": self.planned[one.unit].known}
                for one in self.decisions
            ],
        }

    def print(self) -> None:
        chosen = [one for one in self.decisions if one.selected]
        skipped = [one.unit for one in self.decisions if not one.selected]
        if chosen:
            _print_chosen(chosen, self.planned)
        if skipped:
            more = len(skipped) - _SKIPPED_SHOWN
            names = ", ".join(skipped[:_SKIPPED_SHOWN]) + (f" and {more} more" if more > 0 else "")
            out().print(f"skipped, as no change can reach them: {names}", markup=False)
        for note in self.selection.notes:
            out().print(f"- {note}", markup=False)
        guessed = sum(not unit.known for unit in self.planned.values())
        basis = f", {guessed} of {len(self.planned)} files guessed" if guessed else ""
        out().print(
            f"about {self.seconds(selected=True):.1f} s of"
            f" {self.seconds(selected=True) + self.seconds(selected=False):.1f} s of tests"
            f" ({self.share:.0%}){basis}",
            markup=False,
        )


def _print_chosen(chosen: Sequence[UnitImpact], planned: Mapping[str, PlannedUnit]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("selected")
    table.add_column("predicted", justify="right", no_wrap=True)
    table.add_column("why")
    for one in chosen:
        why = one.reason if len(one.chain) < 2 else f"{one.reason}: {' <- '.join(one.chain)}"  # noqa: PLR2004
        table.add_row(one.unit, f"{planned[one.unit].predicted_s:.1f} s", why)
    out().print(table)


def _select(draft: Draft, changes: Sequence[FileChange]) -> _Found:
    from testfleet.cli.home import home
    from testfleet.local.readers import local_readers
    from testfleet.planning.discovery.discover import discover
    from testfleet.planning.impact.selection import SelectionOptions, select_units
    from testfleet.planning.prediction.predict import predict
    from testfleet.planning.source_tree import DirectoryTree

    tree = DirectoryTree(draft.root, draft.files)
    history, coverage = _known(draft)
    args = draft.options.framework_args
    units = discover(tree, draft.suite, args, history).units
    readers = local_readers(draft.root, home(), draft.python)
    options = SelectionOptions(args, readers, coverage)
    selection = select_units(tree, draft.suite, units, changes, options)
    return _Found(changes, selection, _planned(units, predict(units, history)))


def _planned(units: Sequence[Unit], planned: Sequence[PlannedUnit]) -> dict[str, PlannedUnit]:
    return {unit.id: one for unit, one in zip(units, planned, strict=True)}


def _known(draft: Draft) -> tuple[Mapping[str, UnitHistory], SuiteCoverage | None]:
    """What past runs took, and what they recorded. A fleet on this machine is not started for
    it."""
    from testfleet.cli.client import connect
    from testfleet.config import load_environment
    from testfleet.local.fleet import Fleet
    from testfleet.workflow.coverage_memory import CoverageMemory

    if load_environment(draft.options.env).embedded and not Fleet().status().is_up:
        return {}, None
    client = connect(draft.options.env, say)
    coverage = CoverageMemory(client.objects, draft.history_key).recall()
    return client.history.load(draft.history_key), coverage
