from __future__ import annotations

from testfleet.config import load_risk_rules
from testfleet.planning.risk.features import PathPast
from testfleet.planning.risk.past import LATELY_S, PastChange, study
from testfleet.planning.risk.score import RiskInput, assess
from tests.risk_samples import File

RULES = load_risk_rules()
DAY_S = 86_400.0


def _commit(number: int, *paths: str, day: float = 0.0) -> PastChange:
    return PastChange(f"c{number}", day * DAY_S, [File(path) for path in paths])


def test_churn_is_counted_lately_and_failures_ever() -> None:
    commits = [_commit(1, "a.py", day=0), _commit(2, "a.py", "b.py", day=200)]

    past = study(commits, {"c1": True, "c2": False}, RULES).past

    assert past["a.py"] == PathPast(changes=1, judged=2, failed=1)
    assert past["b.py"] == PathPast(changes=1, judged=1, failed=0)


def test_commits_without_an_outcome_are_churn_only() -> None:
    lessons = study([_commit(1, "a.py")], {}, RULES)

    assert lessons.past == {"a.py": PathPast(changes=1)}
    assert lessons.model.seen == 0


def test_what_is_long_ago_is_no_churn_of_the_change_at_hand() -> None:
    lessons = study([_commit(1, "a.py")], {}, RULES, now_s=LATELY_S + 1)

    assert lessons.past["a.py"].changes == 0


def test_a_fragile_file_raises_the_score_of_its_next_change() -> None:
    commits = [_commit(at, "shop/a.py" if at % 2 else "shop/b.py", day=at) for at in range(60)]
    outcomes = {f"c{at}": bool(at % 2) for at in range(60)}

    lessons = study(commits, outcomes, RULES)

    fragile, solid = (
        assess(RiskInput([File(path)], RULES, lessons.past, lessons.model)).score
        for path in ("shop/a.py", "shop/b.py")
    )
    assert solid < 0.3
    assert fragile > 0.6


def test_no_commit_is_judged_by_its_own_outcome() -> None:
    """The first commit has no past, whatever comes of it: only the constant can tell."""
    failed = study([_commit(1, "a.py")], {"c1": True}, RULES).model
    passed = study([_commit(1, "a.py")], {"c1": False}, RULES).model

    failures = 5  # constant, category, size, spread, churn, failures
    assert failed.means[failures] == passed.means[failures] == RULES.weights.failures


def test_a_clock_that_goes_backwards_changes_nothing_but_the_window() -> None:
    commits = [_commit(1, "a.py", day=10), _commit(2, "a.py", day=5)]

    assert study(commits, {}, RULES).past["a.py"].changes == 2
