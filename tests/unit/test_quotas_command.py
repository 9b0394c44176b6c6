"""What `testfleet quotas` shows."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from testfleet import config
from testfleet.cli import client
from testfleet.cli.main import app
from testfleet.config import load_environment
from testfleet.contracts.base import utc_now
from testfleet.contracts.quota import Average, Quota, Quotas, QuotaState, TeamQuota
from testfleet.planning.quotas.admission import Ask, Moment, decide, scopes_of
from testfleet.planning.quotas.report import overview
from testfleet.planning.quotas.use import Use
from testfleet.workflow.fakes import InMemoryQuotas

POLICY = Quotas(
    teams={
        "pay": TeamQuota(concurrency=4, usd=50, borrow=4, repositories=("pay",)),
        "web": TeamQuota(concurrency=4, most=5, least=2, repositories=("web",)),
    },
    types={"full": Quota(usd=9)},
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def state_at(now):
    state = QuotaState(debts={"team:pay": {"team:web": 7200.0}}, costs={"pay": 0.5})
    for run, wanted in (("r1", 6), ("r2", 4)):
        ask = Ask(run, "pay", scopes_of(POLICY, "pay", None, "full"), wanted)
        _, state = decide(Moment(POLICY, state, now), ask)
    return state


def test_each_quota_has_a_line_with_use_loans_and_debts():
    pay, web, full = overview(Use(POLICY, state_at(NOW), NOW))
    assert (pay.scope, pay.concurrency, pay.used, pay.borrowed, pay.waiting) == (
        "team:pay", 4, 8, 4, 0,
    )  # fmt: skip
    assert (web.lent, web.owed, pay.owes) == (4, {"team:pay": 7200.0}, {"team:web": 7200.0})
    assert (full.concurrency, full.usd, full.held_usd) == (None, 9, 1.0)


def test_a_share_that_use_has_moved_stands_beside_the_configured_one():
    quotas = {name: Quota(concurrency=4, least=2, most=8) for name in ("a", "b")}
    averages = {
        "type:a": Average(slots=8, at=NOW),
        "type:b": Average(slots=0, at=NOW),
    }
    lines = overview(Use(Quotas(types=quotas), QuotaState(averages=averages), NOW))
    assert [(line.concurrency, line.configured) for line in lines] == [(6, 4), (2, 4)]


class Deployed:
    """A fleet with quotas in use."""

    def __init__(self):
        self.environment = load_environment("local").model_copy(update={"quotas": POLICY})
        self.quotas = InMemoryQuotas()
        self.quotas.state = state_at(utc_now())


@pytest.fixture
def deployed(monkeypatch):
    fleet = Deployed()
    monkeypatch.setattr(client, "connect", lambda *_: fleet)
    monkeypatch.setattr(config, "load_environment", lambda _: fleet.environment)


def shown(*args):
    done = CliRunner().invoke(app, ["quotas", *args])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_table_names_what_is_borrowed_and_owed(deployed):
    text = shown()
    assert "2.0 slot-hours" in text
    assert "1.00 set aside of 50.00" in text


def test_json_has_a_line_for_each_quota(deployed):
    assert [line["scope"] for line in json.loads(shown("--json"))] == [
        "team:pay", "team:web", "type:full",
    ]  # fmt: skip


def test_without_quotas_nothing_is_started_and_the_answer_says_so():
    assert "no quotas in config/local.toml" in shown()
    assert json.loads(shown("--json")) == []
