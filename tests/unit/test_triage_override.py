"""Classes that operators have pinned."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from testfleet.cli import client
from testfleet.cli.main import app
from testfleet.contracts.failure import Cause, Domain
from testfleet.contracts.override import Override, Overrides
from testfleet.errors import UsageError
from testfleet.triage.classify import Chain
from testfleet.triage.override import Pinned
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import OVERRIDES_KEY
from testfleet.workflow.overrides import OverrideStore, chain_of, override_id

TEXT = "E   AssertionError: gateway said 503 for order 7"


def pinned(contains, **labels):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Override(id=override_id(contains), contains=contains, made_at=moment, **labels)


def classified(*rules, text=TEXT):
    return Chain(pinned=Pinned(rules)).classify([text])[0]


def test_a_pinned_class_comes_before_the_rules():
    rule = pinned("GATEWAY said *503*", domain=Domain.GENERAL, cause=Cause.INFRASTRUCTURE)
    told = classified(rule)
    assert (told.domain, told.cause) == (Domain.GENERAL, Cause.INFRASTRUCTURE)
    assert (told.model, told.confidence) == ("override", 1.0)


def test_what_is_left_open_is_what_the_rules_say():
    told = classified(pinned("gateway said", cause=Cause.NETWORK))
    usual = classified()
    assert (told.domain, told.confidence) == (usual.domain, usual.confidence)


@pytest.mark.parametrize("contains", ["gateway said 404", "503*gateway", "gatewaysaid"])
def test_other_failures_are_left_alone(contains):
    assert classified(pinned(contains, cause=Cause.NETWORK)).model == "rules"


def test_the_one_pinned_last_decides_and_one_can_be_removed():
    store = OverrideStore(InMemoryObjects())
    store.pin(pinned("gateway", cause=Cause.NETWORK))
    store.pin(pinned("said 503", cause=Cause.TIMEOUT))
    assert chain_of(store.objects).classify([TEXT])[0].cause is Cause.TIMEOUT
    store.remove(override_id("said 503")[:6])
    assert chain_of(store.objects).classify([TEXT])[0].cause is Cause.NETWORK
    with pytest.raises(UsageError, match="no pinned class"):
        store.remove("zz")


def test_pinned_anew_a_text_has_its_new_class():
    store = OverrideStore(InMemoryObjects())
    store.pin(pinned("gateway", cause=Cause.NETWORK))
    store.pin(pinned("Gateway", cause=Cause.RESOURCE))
    assert [each.cause for each in store.load().rules] == [Cause.RESOURCE]


def test_what_cannot_be_read_pins_nothing_and_is_not_overwritten():
    objects = InMemoryObjects()
    objects.put(OVERRIDES_KEY, b'{"schema_version": "9"}')
    assert chain_of(objects).classify([TEXT])[0].model != "override"
    with pytest.raises(UsageError, match="problems, first"):
        OverrideStore(objects).pin(pinned("gateway", cause=Cause.NETWORK))


def call(monkeypatch, objects, *args):
    fleet = type("Fleet", (), {"objects": objects})()
    monkeypatch.setattr(client, "connect", lambda *_: fleet)
    return CliRunner().invoke(app, ["override", *args])


def test_the_command_pins_lists_and_removes(monkeypatch):
    objects = InMemoryObjects()
    call(monkeypatch, objects, "gateway said 503", "--cause", "network", "--reason", "see 12")
    [rule] = Overrides.model_validate_json(objects.get(OVERRIDES_KEY)).rules
    assert (rule.cause, rule.reason) == (Cause.NETWORK, "see 12")
    assert rule.id in call(monkeypatch, objects, "--json").output
    call(monkeypatch, objects, "--remove", rule.id)
    assert OverrideStore(objects).load().rules == ()


@pytest.mark.parametrize("args", [("gateway",), ("x", "--cause", "network"), ("****", "--cause",
    "network"), ("text", "--remove", "a")])  # fmt: skip
def test_what_pins_nothing_is_refused(monkeypatch, args):
    result = call(monkeypatch, InMemoryObjects(), *args)
    assert isinstance(result.exception, UsageError)
