"""Admission under quotas: what holds always, and what holds in the situations that have a name."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from testfleet.contracts.quota import Average, Quota, Quotas, QuotaState, TeamQuota
from testfleet.planning.quotas.admission import (
    Ask,
    Moment,
    Verdict,
    decide,
    release,
    renew,
    scopes_of,
)
from testfleet.planning.quotas.shares import TIME_CONSTANT_S, adjusted, largest_remainders, roll
from testfleet.planning.quotas.use import Use

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEAMS = {
    "pay": TeamQuota(concurrency=6, borrow=4, repositories=("a/one", "a/two")),
    "web": TeamQuota(concurrency=4, borrow=8, repositories=("a/web",)),
}
POLICY = Quotas(
    fleet=Quota(concurrency=10),
    teams=TEAMS,
    repositories={"a/one": Quota(concurrency=4), "a/two": Quota(concurrency=2, borrow=2)},
    types={"performance": Quota(concurrency=1)},
)
REPOSITORIES = ("a/one", "a/two", "a/web", "b/other")


class Desk:
    """Asks and releases one after the other, with a clock of its own."""

    def __init__(self, policy=POLICY):
        self.policy, self.state, self.now = policy, QuotaState(), NOW

    def ask(self, run, repository="a/one", wanted=4, suite=None):
        scopes = scopes_of(self.policy, repository, suite, "full")
        ask = Ask(run, repository, scopes, wanted)
        decision, self.state = decide(self.moment, ask)
        return decision

    def end(self, run, usd=0.0):
        self.state = release(self.moment, run, usd)

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)
        return self

    @property
    def moment(self):
        return Moment(self.policy, self.state, self.now)

    @property
    def use(self):
        return Use(self.policy, self.state, self.now)


def verdicts(*decisions):
    return [decision.verdict.value for decision in decisions]


def test_what_fits_is_admitted_and_the_next_waits_with_a_reason():
    desk = Desk()
    first, second = desk.ask("r1"), desk.ask("r2")
    assert (first.verdict, first.slots) == (Verdict.ADMIT, 4)
    assert second.verdict is Verdict.WAIT
    assert second.reason == "repository a/one uses 4 of 4 slots"


def test_a_run_may_begin_with_a_part_of_what_it_wants_but_not_with_a_crumb():
    desk = Desk(Quotas(fleet=Quota(concurrency=10)))
    desk.ask("r1", wanted=7)
    assert desk.ask("r2", wanted=12).slots == 3
    desk.end("r2")
    desk.ask("r3", wanted=1)
    assert desk.ask("r4", wanted=12).verdict is Verdict.WAIT


def test_asking_again_changes_nothing_for_a_run_that_is_admitted():
    desk = Desk()
    assert desk.ask("r1").slots == desk.ask("r1").slots == 4
    assert desk.use.used("fleet") == 4


def test_what_ends_makes_room_for_the_one_that_has_waited_longest():
    desk = Desk()
    desk.ask("r1")
    desk.ask("r2")
    desk.later(1).ask("r3")
    desk.end("r1")
    assert verdicts(desk.ask("r3"), desk.ask("r2")) == ["wait", "admit"]


def test_a_younger_run_cannot_take_what_an_older_one_needs():
    desk = Desk(Quotas(fleet=Quota(concurrency=8)))
    desk.ask("r1", "x", wanted=7)
    assert desk.ask("big", "y", wanted=32).verdict is Verdict.WAIT
    assert desk.later(1).ask("small", "z", wanted=1).verdict is Verdict.WAIT
    desk.end("r1")
    assert desk.ask("big", "y", wanted=32).slots == 8


def test_a_run_that_asks_no_more_is_forgotten():
    desk = Desk()
    desk.ask("r1")
    desk.ask("gone")
    desk.later(300).end("r1")
    assert desk.ask("r3").verdict is Verdict.ADMIT


def test_another_type_of_the_same_repository_does_not_stand_behind():
    desk = Desk()
    desk.ask("p1", wanted=1, suite="performance")
    assert desk.ask("p2", wanted=1, suite="performance").verdict is Verdict.WAIT
    assert desk.later(1).ask("quick", wanted=1).verdict is Verdict.ADMIT


def test_whoever_waits_too_long_is_rejected_with_the_reason():
    desk = Desk()
    desk.ask("r1")
    desk.ask("r2")
    for _ in range(59):
        desk.later(30).ask("r2")
    last = desk.later(30).ask("r2")
    assert last.verdict is Verdict.REJECT
    assert "waited 1800 s in vain: repository a/one uses 4 of 4 slots" in last.reason
    assert desk.state.waiters == {}


@pytest.mark.parametrize(
    ("quota", "word"),
    [(Quota(concurrency=0), "zero shards"), (Quota(usd=0), "$0.00 of $0.00")],
)
def test_a_quota_of_zero_admits_nothing_and_says_so(quota, word):
    desk = Desk(Quotas(repositories={"a/one": quota}))
    decision = desk.ask("r1")
    assert decision.verdict is Verdict.REJECT
    assert word in decision.reason
    assert "repository a/one" in decision.reason


def test_dollars_are_counted_until_the_period_ends():
    desk = Desk(Quotas(period="week", teams={"pay": TeamQuota(usd=10, repositories=("a/one",))}))
    desk.ask("r1")
    desk.end("r1", usd=6)
    assert desk.ask("r2").verdict is Verdict.REJECT, "a second one would cost about $6 too"
    assert "$6.00 of $10.00 this week" in desk.ask("r2").reason
    assert desk.later(7 * 86400).ask("r3").verdict is Verdict.ADMIT


def test_dollars_of_running_runs_are_set_aside():
    desk = Desk(Quotas(fleet=Quota(usd=10)))
    desk.ask("r1")
    desk.end("r1", usd=3)
    assert verdicts(*(desk.ask(run) for run in ("r2", "r3", "r4"))) == ["admit", "admit", "reject"]


def test_a_run_that_cost_nothing_says_nothing_of_the_next():
    desk = Desk(Quotas(fleet=Quota(usd=10)))
    for run, usd in (("r1", 4), ("rejected", 0)):
        desk.ask(run)
        desk.end(run, usd=usd)
    assert desk.state.costs == {"a/one": 4}


def test_a_dead_run_gives_its_share_back_and_is_charged_what_was_set_aside():
    desk = Desk(Quotas(fleet=Quota(concurrency=4, usd=100)))
    desk.ask("r0")
    desk.end("r0", usd=3)
    desk.ask("dead")
    assert desk.later(3599).ask("r2").verdict is Verdict.WAIT
    assert desk.later(2).ask("r2").verdict is Verdict.ADMIT
    desk.later(2 * 86400).ask("r3")
    assert "dead" not in desk.state.leases
    assert desk.use.spent_usd("fleet") >= 6


def test_a_renewed_lease_lasts_and_one_that_had_ended_counts_again():
    desk = Desk()
    desk.ask("r1")
    slots, desk.state = renew(desk.moment, "r1", 9000)
    assert (slots, desk.later(8000).use.used("fleet")) == (4, 4)
    assert desk.later(2000).use.used("fleet") == 0
    _, desk.state = renew(desk.moment, "r1", 60)
    assert desk.use.used("fleet") == 4
    assert renew(desk.moment, "unknown", 60)[0] is None


def two_teams(**web):
    return Desk(
        Quotas(
            teams={
                "pay": TeamQuota(concurrency=4, borrow=4, repositories=("pay",)),
                "web": TeamQuota(**{"concurrency": 4, "borrow": 4, "repositories": ("web",)} | web),
            }
        )
    )


def test_idle_quota_is_borrowed_and_the_lender_gets_it_back_first():
    desk = two_teams()
    assert desk.ask("p1", "pay", 8).slots == 8
    assert (desk.use.borrowed("team:pay"), desk.use.lent("team:web")) == (4, 4)
    assert desk.ask("w1", "web", 4).verdict is Verdict.WAIT
    desk.later(50).end("p1")
    assert desk.ask("p2", "pay", 8).slots == 7, "one slot is what w1 needs at least"
    assert desk.ask("w1", "web", 4).slots == 1


def test_quota_that_is_not_to_be_lent_is_not():
    desk = two_teams(lends=False)
    assert desk.ask("p1", "pay", 8).slots == 4


def test_a_debt_is_slot_seconds_and_is_paid_back_by_lending():
    desk = two_teams()
    desk.ask("p1", "pay", 8)
    desk.later(100).end("p1")
    assert desk.state.debts == {"team:pay": {"team:web": 400.0}}
    desk.ask("w1", "web", 8)
    desk.later(40).end("w1")
    assert desk.state.debts == {"team:pay": {"team:web": 240.0}}
    desk.ask("w2", "web", 8)
    desk.later(60).end("w2")
    assert desk.state.debts == {}


@pytest.mark.parametrize(
    ("debts", "slots"), [({"team:b": {"team:a": 40.0}}, 0), ({"team:b": {"team:c": 40.0}}, 3)]
)
def test_a_waiting_creditor_borrows_before_third_parties(debts, slots):
    teams = {name: TeamQuota(concurrency=4, borrow=4, repositories=(name,)) for name in "abc"}
    desk = Desk(Quotas(teams=teams))
    desk.state = QuotaState(debts=debts)
    for repository, wanted in (("a", 4), ("c", 4), ("b", 1)):
        assert desk.ask(f"{repository}1", repository, wanted).slots == wanted
    assert desk.ask("a2", "a", 16).verdict is Verdict.WAIT, "it needs four, and three are idle"
    assert desk.ask("c2", "c", 4).slots == slots


def test_demand_is_averaged_over_time_and_fades():
    average = roll(None, 8, NOW)
    assert average.slots == 8
    later = NOW + timedelta(seconds=TIME_CONSTANT_S)
    assert roll(average, 0, later).slots == pytest.approx(8 / 2.71828, rel=1e-3)


def test_shares_follow_use_within_their_bounds_and_their_sum_stays():
    quotas = {
        "team:busy": Quota(concurrency=10, most=18),
        "team:idle": Quota(concurrency=10, least=4, most=12),
        "team:fixed": Quota(concurrency=5),
    }
    averages = {"team:busy": Average(slots=20, at=NOW), "team:idle": Average(slots=0, at=NOW)}
    assert adjusted(quotas, {}) == {"team:busy": 10, "team:fixed": 5, "team:idle": 10}
    assert adjusted(quotas, averages) == {"team:busy": 16, "team:fixed": 5, "team:idle": 4}


def test_a_share_that_has_grown_waits_until_the_shrunken_one_is_vacated():
    desk = two_teams(most=6, least=1)
    pay = desk.policy.teams["pay"].model_copy(update={"borrow": 0, "least": 1, "most": 7})
    desk.policy = desk.policy.model_copy(update={"teams": desk.policy.teams | {"pay": pay}})
    seen = {"team:pay": Average(slots=9, at=NOW), "team:web": Average(slots=0, at=NOW)}
    desk.state = QuotaState(averages=seen)
    assert desk.ask("p1", "pay", 8).slots == 7
    unseen = {scope: each.model_copy(update={"slots": 2.0}) for scope, each in seen.items()}
    desk.state = desk.state.model_copy(update={"averages": unseen})
    assert desk.use.shares == {"team:pay": 4, "team:web": 4}
    assert desk.ask("w1", "web", 4).slots == 1


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"concurrency": -1}, "greater than or equal to 0"),
        ({"usd": float("nan")}, "finite"),
        ({"concurrency": 5, "least": 6}, "least <= concurrency <= most"),
        ({"least": 1}, "there is none"),
    ],
)
def test_a_quota_that_cannot_be_is_refused(values, word):
    with pytest.raises(ValidationError, match=word):
        Quota.model_validate(values)


def test_a_repository_of_two_teams_is_refused():
    team = TeamQuota(concurrency=1, repositories=("a/one",))
    with pytest.raises(ValidationError, match="'a/one' is in the teams 'x' and 'y'"):
        Quotas(teams={"x": team, "y": team})


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 100))
def test_parts_add_up_and_none_exceeds_its_weight(weights, amount):
    amount = min(amount, sum(weights))
    parts = largest_remainders(weights, amount)
    assert sum(parts) == amount
    assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


QUOTAS = st.builds(
    lambda own, spare, borrow, lends: Quota(
        concurrency=own, borrow=borrow, lends=lends, least=max(own - spare, 1), most=own + spare
    ),
    st.integers(1, 8), st.integers(0, 4), st.integers(0, 6), st.booleans(),
)  # fmt: skip
POLICIES = st.builds(
    lambda total, pay, web, one, two: Quotas(
        fleet=Quota(concurrency=total),
        teams={
            "pay": TeamQuota(**pay.model_dump(), repositories=("a/one", "a/two")),
            "web": TeamQuota(**web.model_dump(), repositories=("a/web",)),
        },
        repositories={"a/one": one, "a/two": two},
        types={"performance": Quota(concurrency=1)},
    ),
    st.integers(1, 12), QUOTAS, QUOTAS, QUOTAS, QUOTAS,
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "end", "later"]),
        st.integers(0, 9),
        st.integers(1, 12),
    ),
    max_size=40,
)


QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking, which takes minutes here; the steps are short enough to be read."""


def play(policy, steps, check):
    desk, answers = Desk(policy), []
    for verb, number, amount in steps:
        before = desk.use
        if verb == "ask":
            suite = "performance" if number == 9 else None
            decision = desk.ask(f"r{number}", REPOSITORIES[number % 4], amount, suite)
            answers.append(decision)
            check(before, desk, decision, f"r{number}")
        elif verb == "end":
            desk.end(f"r{number}", usd=0.1)
        else:
            desk.later(amount * 20)
    return answers, desk.state


def never_exceeded(before, desk, decision, run):
    use = desk.use
    for kind in ("fleet", "team:", "type:", "repository:"):
        group = [scope for scope in use.shares if scope.startswith(kind)]
        allowed = sum(use.quota(scope).concurrency for scope in group)
        assert sum(use.used(scope) for scope in group) <= allowed
    assert use.used("team:pay") >= sum(
        use.used(s) for s in ("repository:a/one", "repository:a/two")
    )
    if decision.verdict is Verdict.ADMIT and run not in before.state.leases:
        for scope in use.state.leases[run].scopes:
            assert use.borrowed(scope) <= use.quota(scope).borrow
        for loans in use.state.leases[run].loans.values():
            for lender, slots in loans.items():
                assert slots <= before.idle(lender)
                assert use.idle(lender) >= 0


@settings(max_examples=60, deadline=None, phases=QUICKLY)
@given(POLICIES, STEPS)
def test_quotas_are_never_exceeded_and_only_idle_slots_are_borrowed(policy, steps):
    play(policy, steps, never_exceeded)


@settings(max_examples=20, deadline=None, phases=QUICKLY)
@given(POLICIES, STEPS)
def test_the_same_questions_get_the_same_answers(policy, steps):
    def nothing(*_):
        pass

    assert play(policy, steps, nothing) == play(policy, steps, nothing)


@settings(max_examples=30, deadline=None, phases=QUICKLY)
@given(POLICIES, STEPS, st.integers(0, 3), st.integers(1, 12))
def test_nobody_starves_while_runs_end_and_others_keep_coming(policy, steps, at, wanted):
    desk = Desk(policy)
    play_steps = [step for step in steps if step[0] == "ask"]
    for _, number, amount in play_steps:
        desk.ask(f"r{number}", REPOSITORIES[number % 4], amount)
    mine = desk.later(1).ask("mine", REPOSITORIES[at], wanted)
    for turn in range(60):
        if mine.verdict is Verdict.ADMIT:
            break
        for run in list(desk.state.leases)[:3]:
            desk.end(run)
        desk.later(10)
        # Greedy newcomers ask first, and all that wait ask again.
        for fresh in range(4):
            desk.ask(f"new-{turn}-{fresh}", REPOSITORIES[fresh], 3)
        for waiter in list(desk.state.waiters.values()):
            desk.ask(waiter.run_id, waiter.repository, waiter.wanted)
        mine = desk.ask("mine", REPOSITORIES[at], wanted)
    assert mine.verdict is Verdict.ADMIT


@given(st.integers(1, 8), st.integers(1, 500), st.integers(1, 500))
def test_lending_as_much_as_was_borrowed_restores_the_balance(slots, first_s, second_s):
    desk = two_teams()
    desk.ask("p", "pay", slots)
    desk.later(first_s).end("p")
    desk.ask("w", "web", slots)
    desk.later(second_s).end("w")
    expected = max(slots - 4, 0) * (first_s - second_s)
    owes, lends = ("team:pay", "team:web") if expected > 0 else ("team:web", "team:pay")
    assert desk.state.debts == ({owes: {lends: abs(expected)}} if expected else {})
