"""`testfleet override`: pin the class of failures that a classifier gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption
from testfleet.contracts.failure import Cause, Domain
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.contracts.override import Override
    from testfleet.workflow.overrides import OverrideStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(override)


def override(
    text: Annotated[
        str | None,
        typer.Argument(help="What stands in the failure; * for anything. Left out: list all."),
    ] = None,
    *,
    domain: Annotated[Domain | None, typer.Option(help="Whose failure it is.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="What went wrong.")] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    remove: Annotated[
        str | None, typer.Option(metavar="ID", help="Take this one out again.")
    ] = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Pin the class of failures that contain TEXT, before any model and rule, from the next run on.

    A label that is left out is whatever the rules say. The one pinned last decides first.
    """
    if text is not None and remove is not None:
        raise UsageError("TEXT and --remove at once", hint="pin or remove, one at a time")

    from testfleet.cli.client import connect
    from testfleet.workflow.overrides import OverrideStore

    rule = _rule(text, domain, cause, reason) if text is not None else None
    store = OverrideStore(connect(env, say).objects)
    if rule is not None:
        store.pin(rule)
        say(f"pinned {_line(rule)}")
    elif remove is not None:
        say(f"removed {_line(store.remove(remove))}")
    _show(store, json=json)


def _rule(text: str, domain: Domain | None, cause: Cause | None, reason: str) -> Override:
    from pydantic import ValidationError

    from testfleet.contracts.base import utc_now
    from testfleet.contracts.override import Override
    from testfleet.workflow.overrides import override_id

    try:
        return Override(
            id=override_id(text), contains=text, domain=domain, cause=cause, reason=reason,
            made_at=utc_now(),
        )  # fmt: skip
    except ValidationError as exc:
        told = exc.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(
            f"{text!r} cannot be pinned: {told}",
            hint="name a text of 4 to 300 characters, and --cause, --domain or both",
        ) from exc


def _show(store: OverrideStore, *, json: bool) -> None:
    rules = store.load().rules
    if json:
        print_json([rule.model_dump(mode="json") for rule in rules])
        return
    for rule in rules:
        out().print(_line(rule), markup=False)
    if not rules:
        say("no class is pinned")


def _line(rule: Override) -> str:
    labels = " ".join(label.value for label in (rule.domain, rule.cause) if label)
    reason = f" ({rule.reason})" if rule.reason else ""
    return f"{rule.id}  {labels}: {rule.contains}{reason}"
