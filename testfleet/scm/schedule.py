"""Runs that the clock asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from testfleet.contracts.run import Mode, RepositorySource, RunRequest, Trigger
from testfleet.errors import UsageError
from testfleet.scm.github import Ref, RepositoryName, tarball_url

_FIRST_YEAR = 1000
"""Run ids have four digits for the year."""


class ScheduleKind(StrEnum):
    """What a schedule is for."""

    SMOKE = "smoke"
    INTEGRATION = "integration"
    FULL = "full"
    PERFORMANCE = "performance"
    QUALITY = "quality"


_MODES: Final = {ScheduleKind.SMOKE: Mode.LIGHTWEIGHT, ScheduleKind.INTEGRATION: Mode.INTEGRATION}


class ScheduleEvent(BaseModel):
    """The input that a schedule gives its function."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ScheduleKind
    repository: RepositoryName
    ref: Ref = "main"
    suite: str | None = Field(default=None, min_length=1, max_length=100)
    mode: Mode | None = None
    """Default: lightweight for smoke, integration for integration, full for the others."""
    time: str | None = None
    """ISO time of the tick. With it, a tick that is delivered twice starts one run."""


def read_schedule(event: Mapping[str, object], api: str, now: datetime) -> RunRequest:
    """The run that a tick asks for. Raises UsageError that names the key and what was expected."""
    try:
        tick = ScheduleEvent.model_validate(event)
    except ValidationError as exc:
        problems = (f"{_path(problem['loc'])}: {problem['msg']}" for problem in exc.errors())
        raise UsageError(
            f"the schedule's input is wrong: {'; '.join(problems)}",
            hint="mend the schedule in the configuration and deploy again",
        ) from None
    return RunRequest(
        run_id=_run_id(tick, now),
        repository=tick.repository,
        trigger=Trigger.SCHEDULE,
        requested_at=now,
        source=RepositorySource(
            tarball_url=tarball_url(api, tick.repository, tick.ref), trusted=True
        ),
        suite=tick.suite,
        mode=tick.mode or _MODES.get(tick.kind, Mode.FULL),
    )


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "(whole input)"


def _run_id(tick: ScheduleEvent, now: datetime) -> str:
    """The same for the same tick. Functions are invoked at least once, not exactly once."""
    moment = _tick_time(tick.time) or now.astimezone(UTC).replace(second=0, microsecond=0)
    what = f"{tick.kind} {tick.repository} {tick.ref} {tick.suite} {tick.mode}"
    return f"{moment:%Y%m%d-%H%M%S}-{hashlib.sha256(what.encode()).hexdigest()[:6]}"


def _tick_time(text: str | None) -> datetime | None:
    """None also for the placeholder of a scheduler that does not fill it in."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC) if moment.tzinfo and moment.year >= _FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None
