"""Shows a run while it goes on: live on a terminal, plain lines when piped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from testfleet.cli.follow import RUNNING
from testfleet.contracts.result import Outcome

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

    from testfleet.cli.follow import View

SYMBOLS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.ERROR: ("!", "red"),
    Outcome.SKIPPED: ("-", "yellow"),
    Outcome.FLAKY: ("~", "magenta"),
    Outcome.LOST: ("?", "red"),
}


class Display(Protocol):
    """Somewhere that a run is shown."""

    def show(self, view: View) -> None:
        """What is known now."""
        ...

    def note(self, text: str) -> None:
        """One line that stays."""
        ...


@contextmanager
def open_display(console: Console) -> Iterator[Display]:
    """The display that fits the console."""
    if not console.is_terminal:
        yield PlainDisplay(console)
        return
    from rich.live import Live

    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield LiveDisplay(console, live)


@dataclass
class PlainDisplay:
    """Lines for a log: the plan once, each failure once, and now and then how far it is."""

    console: Console
    _seen: set[str] = field(default_factory=set)
    _planned: bool = False
    _phase: str = "starting"

    def show(self, view: View) -> None:
        """Print what is new."""
        if view.plan is not None and not self._planned:
            self._planned = True
            self.note(f"run {view.run_id}: {describe_plan(view)}")
        for failure in view.failures:
            if failure not in self._seen:
                self._seen.add(failure)
                self.note(f"failed  {failure}")
        if view.phase != self._phase:
            self._phase = view.phase
            self.note(f"{view.phase} ({sum(view.counts.values())} tests so far)")

    def note(self, text: str) -> None:
        """Print the line."""
        self.console.print(text, markup=False)


@dataclass
class LiveDisplay:
    """A few lines that are redrawn in place."""

    console: Console
    live: Live
    _seen: set[str] = field(default_factory=set)

    def show(self, view: View) -> None:
        """Redraw; failures scroll away above."""
        for failure in view.failures:
            if failure not in self._seen:
                self._seen.add(failure)
                self.console.print(f"[red]✗[/red] {_escape(failure)}")
        self.live.update(_draw(view))

    def note(self, text: str) -> None:
        """Print the line above what is redrawn."""
        self.console.print(text, markup=False)


def describe_plan(view: View) -> str:
    """The plan in one line."""
    plan = view.plan
    if plan is None:
        return "planning"
    shards = (*plan.shards, *plan.later)
    units = sum(len(shard.units) for shard in shards)
    stages = max((shard.stage for shard in shards), default=1)
    return (
        f"{_many(units, 'file')} in {_many(len(shards), 'shard')} "
        + (f"of {stages} stages " if stages > 1 else "")
        + f"on {_many(plan.workers, 'worker')}, about {plan.predicted_s:.0f} s"
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def counts_line(counts: dict[Outcome, int]) -> str:
    """`✓ 12  ✗ 1`, with Rich's colours."""
    parts = [
        f"[{colour}]{symbol} {counts[outcome]}[/{colour}]"
        for outcome, (symbol, colour) in SYMBOLS.items()
        if counts.get(outcome)
    ]
    return "  ".join(parts)


def _draw(view: View) -> Group:
    from rich.console import Group
    from rich.spinner import Spinner
    from rich.text import Text

    counts = dict(view.counts)
    head = f"{view.phase} · {describe_plan(view)}"
    if counts:
        head += f"   {counts_line(counts)}"
    lines = [
        Text(f"  {shard}  {progress.current}", style="dim", no_wrap=True, overflow="ellipsis")
        for shard, progress in sorted(view.shards.items())
        if progress.current and view.phase == RUNNING
    ]
    return Group(Spinner("dots", text=Text.from_markup(head)), *lines[:8])


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
