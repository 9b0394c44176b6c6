"""`testfleet up`, `down` and `status`: the embedded AWS on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.options import EnvOption

JsonOption = Annotated[bool, typer.Option("--json", help="Print data for a program.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(*, json: JsonOption = False) -> None:
    """Start the fleet: the embedded AWS with the application deployed. Does nothing if it is up."""
    from testfleet.local.fleet import Fleet

    info = Fleet().up(say)
    if json:
        print_json(info.model_dump(mode="json"))
    else:
        out().print(f"the fleet is up at {info.endpoint_url}", markup=False)


def down() -> None:
    """Stop the fleet. Its state is kept for the next `up`."""
    from testfleet.local.fleet import Fleet

    was_up = Fleet().down()
    out().print("the fleet is down" if was_up else "the fleet was not up")


def status(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="Id of a run, or `latest`: what happens to it."),
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until the run ends, and end as it does.")
    ] = False,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Tell whether the fleet is up, where, since when and how large; or what happens to a run.

    With `--json` a run's events are printed as JSON, one a line.
    """
    if run is not None or follow:
        from testfleet.cli.run_status import LATEST, show_run

        raise typer.Exit(show_run(run or LATEST, env, follow=follow, json=json))
    from testfleet.local.fleet import Fleet

    found = Fleet().status()
    if json:
        print_json(found.model_dump(mode="json"))
        return
    if not found.is_up:
        out().print("the fleet is down; `testfleet up` starts it")
        return
    out().print(
        f"the fleet is up at {found.endpoint_url} (pid {found.pid}), "
        f"for {found.uptime_s:.0f} s, {found.memory_mb:.0f} MB, {len(found.stacks)} stacks",
        markup=False,
    )
