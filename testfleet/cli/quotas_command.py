"""`testfleet quotas`: limits, and who uses, borrows and owes what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption

if TYPE_CHECKING:
    from testfleet.planning.quotas.report import QuotaLine
    from testfleet.planning.quotas.use import Use

_HOUR_S = 3600


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(quotas)


def quotas(*, env: EnvOption = "local", json: JsonOption = False) -> None:
    """Show quotas: limits, use, what is borrowed and what is owed."""
    from testfleet.config import load_environment
    from testfleet.planning.quotas.report import overview

    policy = load_environment(env).quotas
    lines = overview(_use(env)) if policy else []
    if json:
        print_json([line.model_dump(mode="json") for line in lines])
    elif not lines:
        out().print(f"no quotas in config/{env}.toml: every run may use the whole fleet")
    else:
        _print_table(lines, policy.period)


def _use(env: str) -> Use:
    from testfleet.cli.client import connect
    from testfleet.contracts.base import utc_now
    from testfleet.planning.quotas.use import Use

    client = connect(env, say)
    state, _ = client.quotas.load()
    return Use(client.environment.quotas, state, utc_now())


def _print_table(lines: list[QuotaLine], period: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("quota", no_wrap=True)
    for title in ("slots", "used", "borrowed", "lent", "waiting", f"dollars a {period}"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("owes", no_wrap=True)
    for line in lines:
        table.add_row(
            line.scope,
            _slots(line),
            str(line.used),
            str(line.borrowed),
            str(line.lent),
            str(line.waiting),
            _dollars(line),
            ", ".join(f"{name} {s / _HOUR_S:.1f} slot-hours" for name, s in line.owes.items()),
        )
    out().print(table)


def _slots(line: QuotaLine) -> str:
    if line.concurrency == line.configured:
        return "" if line.concurrency is None else str(line.concurrency)
    return f"{line.concurrency} (of {line.configured})"


def _dollars(line: QuotaLine) -> str:
    if line.usd is None:
        return ""
    held = f" + {line.held_usd:.2f} set aside" if line.held_usd else ""
    return f"{line.spent_usd:.2f}{held} of {line.usd:.2f}"
