"""Routes: the specialist first, critical failures before others, infrastructure to no model."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from testfleet.config import ROOT, load_routing
from testfleet.contracts.failure import Cause, Classification, Domain, FailureVerdict, Priority
from testfleet.contracts.routing import Engine, Routing, RoutingRule
from testfleet.errors import UsageError
from testfleet.triage.route import Branch, Concern, by_urgency, route

RULES = load_routing()
CAUSES_OF_MACHINES = (Cause.INFRASTRUCTURE, Cause.NETWORK, Cause.RESOURCE, Cause.PORT_CONFLICT)


def told(domain=Domain.TEST, cause=Cause.ASSERTION, confidence=0.9):
    return Classification(domain=domain, cause=cause, confidence=confidence, model="rules")


def concern(name="a", domain=Domain.TEST, cause=Cause.ASSERTION, **facts):
    return Concern(name, told(domain, cause), **facts)


@pytest.mark.parametrize(
    ("domain", "model"),
    [
        (Domain.TYPESCRIPT, "deepseek-coder-6.7b"),
        (Domain.TEST, "deepseek-coder-1.3b"),
        (Domain.REACT, "react-tuned"),
        (Domain.GENERAL, None),
    ],
)
def test_each_domain_has_its_model(domain, model):
    [found] = route([concern(domain=domain, cause=Cause.TYPE_ERROR)], RULES)
    assert found.model == model


@pytest.mark.parametrize("cause", CAUSES_OF_MACHINES)
@pytest.mark.parametrize("domain", Domain)
def test_what_is_the_machine_s_goes_to_no_model_but_to_actions(domain, cause):
    [found] = route([concern(domain=domain, cause=cause)], RULES)
    assert found.model is None
    assert found.actions


def test_every_class_has_a_route_that_gives_somebody_something_to_do():
    for domain, cause, verdict in product(Domain, Cause, FailureVerdict):
        [found] = route([concern(domain=domain, cause=cause, verdict=verdict)], RULES)
        assert found.engine != "none" or found.actions, (domain, cause, verdict)


def test_what_nobody_classified_is_routed():
    [found] = route([Concern("a", None)], RULES)
    assert found.engine == "search"


def test_the_next_engine_helps_when_the_specialist_has_too_much_to_do():
    many = [concern(str(at), Domain.TYPESCRIPT, Cause.TYPE_ERROR) for at in range(30)]
    engines = [found.engine for found in route(many, RULES)]
    rounds = 1 + RULES.detour
    assert engines.count("code-large") == rounds * RULES.engines["code-large"].parallel
    assert set(engines) == {"code-large", "search"}


def test_critical_failures_get_the_specialist_first():
    minor = [concern(f"a{at}", Domain.REACT, Cause.RENDER) for at in range(6)]
    major = concern("z", Domain.REACT, Cause.RENDER, tests=90, of_tests=100, is_blocking=True)
    assert route([*minor, major], RULES)[-1].engine == "react"


def test_load_that_an_engine_has_already_counts():
    [found] = route([concern()], RULES, {"code-small": 1000})
    assert found.engine == "search"


def test_a_failure_that_stops_everyone_is_critical():
    facts = {"tests": 400, "of_tests": 1000, "branch": Branch.DEFAULT, "is_blocking": True}
    [found] = route([concern(**facts)], RULES)
    assert found.priority is Priority.CRITICAL


@pytest.mark.parametrize("harmless", [{"quarantined": True}, {"verdict": FailureVerdict.FLAKY}])
def test_what_does_not_block_comes_last(harmless):
    facts = {"tests": 400, "of_tests": 400, "branch": Branch.DEFAULT, "is_blocking": True}
    [found] = route([concern(**facts, **harmless)], RULES)
    assert found.priority is Priority.LOW


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"tests": 50}, {"tests": 2}),
        ({"is_blocking": True}, {"is_blocking": False}),
        ({"branch": Branch.DEFAULT}, {"branch": Branch.PULL_REQUEST}),
        ({"age_days": 0.0}, {"age_days": 30.0}),
    ],
)
def test_each_fact_raises_the_score(more, less):
    one, other = route([concern(of_tests=100, **more), concern(of_tests=100, **less)], RULES)
    assert one.score > other.score


def test_the_most_urgent_come_first():
    routes = zip("ab", route([concern("a"), concern("b", is_blocking=True)], RULES), strict=True)
    assert by_urgency(routes) == ["b", "a"]


@given(st.permutations(range(40)))
def test_the_order_of_the_failures_does_not_change_their_routes(order):
    concerns = [
        concern(f"{at:02}", Domain.TYPESCRIPT, tests=at + 1, of_tests=99) for at in range(40)
    ]
    usual = route(concerns, RULES)
    found = route([concerns[at] for at in order], RULES)
    assert [usual[at] for at in order] == found


def test_a_rule_cannot_name_an_engine_that_there_is_not():
    with pytest.raises(ValidationError, match="no-such"):
        Routing(engines={"a": Engine()}, rules=(RoutingRule(name="all", engines=("no-such",)),))


def test_the_last_rule_must_hold_for_all():
    with pytest.raises(ValidationError, match="last rule"):
        Routing(engines={"a": Engine()}, rules=(RoutingRule(name="x", domains=(Domain.TEST,)),))


def test_a_broken_file_is_told_with_its_key(tmp_path):
    text = (ROOT / "config" / "routing.toml").read_text("utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "routing.toml").write_text(text.replace("parallel = 6", "parallel = 0"))
    with pytest.raises(UsageError, match="parallel"):
        load_routing(tmp_path)
