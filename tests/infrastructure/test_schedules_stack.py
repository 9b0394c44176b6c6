from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from stacks.application import build_stacks, new_app
from testfleet.config import ScheduledRepository, Schedules, load_environment
from testfleet.contracts.run import Mode
from testfleet.scm.schedule import ScheduleKind, read_schedule
from tests.infrastructure.templates import TRACES, Assembly, own_logs, rights_on

RULE = "AWS::Events::Rule"


@pytest.mark.parametrize(
    ("kind", "schedule"),
    [
        ("smoke", "rate(1 hour)"),
        ("integration", "rate(4 hours)"),
        ("full", "cron(0 2 * * ? *)"),
        ("performance", "cron(0 4 ? * SUN *)"),
        ("quality", "cron(0 0 * * ? *)"),
    ],
)
def test_each_kind_of_suite_has_its_own_clock(account: Assembly, kind: str, schedule: str) -> None:
    account.template("schedules").has_resource_properties(
        RULE, {"Name": f"{account.config.prefix}-{kind}", "ScheduleExpression": schedule}
    )


def test_without_repositories_no_clock_ticks(account: Assembly) -> None:
    rules = [r["Properties"] for stack, _, r in account.resources(RULE) if stack == "schedules"]

    assert {rule["State"] for rule in rules} == {"DISABLED"}
    assert not any("Targets" in rule for rule in rules)


def test_the_function_may_exactly_start_runs(account: Assembly) -> None:
    assert account.rights("schedules", "StartScheduledRunRole") == {
        *rights_on("<storage.Data.Arn>/runs/*/request.json", "s3:PutObject"),
        *rights_on("<workflows.RunTests>", "states:StartExecution"),
        *rights_on("<StartScheduledRunDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("StartScheduledRunLogs"),
        *TRACES,
    }


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The schedules of an environment with two repositories."""
    config = load_environment("local")
    folder = tmp_path_factory.mktemp("scheduled")
    repositories = (
        ScheduledRepository(repository="acme/shop"),
        ScheduledRepository(repository="acme/bank", ref="stable"),
    )
    app = new_app(str(folder))
    schedules = Schedules(repositories=repositories)
    build_stacks(app, config.model_copy(update={"schedules": schedules}))
    app.synth()
    return Template.from_string(_read(folder))


def test_with_repositories_every_clock_ticks_for_each(scheduled: Template) -> None:
    rules = [r["Properties"] for r in scheduled.find_resources(RULE).values()]

    assert {rule["State"] for rule in rules} == {"ENABLED"}
    assert [len(rule["Targets"]) for rule in rules] == [2] * len(ScheduleKind)


def test_the_function_understands_every_tick(scheduled: Template) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ticks = [_tick(target) for target in _targets(scheduled)]

    requests = [read_schedule(tick, "https://api.example.org", now) for tick in ticks]

    assert {tick["kind"] for tick in ticks} == set(ScheduleKind)
    assert {request.repository for request in requests} == {"acme/shop", "acme/bank"}
    smoke = [r.mode for r, t in zip(requests, ticks, strict=True) if t["kind"] == "smoke"]
    assert set(smoke) == {Mode.LIGHTWEIGHT}


def test_a_tick_that_comes_twice_is_one_run(scheduled: Template) -> None:
    tick = _tick(_targets(scheduled)[0])
    times = (datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC))

    first, again = (read_schedule(tick, "https://api.example.org", now) for now in times)

    assert first.run_id == again.run_id


def test_ticks_that_fail_are_kept(scheduled: Template) -> None:
    assert all("DeadLetterConfig" in target for target in _targets(scheduled))


def _targets(template: Template) -> list[dict[str, Any]]:
    rules = template.find_resources(RULE).values()
    return [target for rule in rules for target in rule["Properties"]["Targets"]]


def _tick(target: dict[str, Any]) -> dict[str, Any]:
    """The event as EventBridge makes it at noon."""
    transformer = target["InputTransformer"]
    [name] = [k for k, path in transformer["InputPathsMap"].items() if path == "$.time"]
    text = transformer["InputTemplate"].replace(f"<{name}>", '"2026-03-01T12:00:00Z"')
    return dict(json.loads(text))


def _read(folder: Path) -> str:
    return (folder / "testfleet-local-schedules.template.json").read_text()
