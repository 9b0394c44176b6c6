from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.config import load_risk_rules
from testfleet.contracts.risk import Category, FileKind
from testfleet.planning.risk.features import FEATURES, PathPast, Sorter
from testfleet.planning.risk.logistic import probability
from testfleet.planning.risk.score import (
    Risk,
    RiskInput,
    TestChoice,
    assess,
    recommend,
    rule_model,
)
from tests.risk_samples import File

RULES = load_risk_rules()
PATHS = st.sampled_from(
    ["backend/a.py", "api/b.py", "ui/c.ts", "README.md", "tests/test_a.py", "poetry.lock", "x.py"]
)
FILES = st.lists(
    st.builds(File, path=PATHS, added=st.integers(0, 3000)),
    min_size=1,
    max_size=8,
)


def _risk(*files: File, past: dict[str, PathPast] | None = None) -> Risk:
    return assess(RiskInput(files, RULES, past or {}))


@pytest.mark.parametrize(
    ("path", "category", "kind"),
    [
        ("ml/train.py", "critical", "code"),
        ("src/backend/orders.py", "critical", "code"),
        ("backend/tests/test_orders.py", "low", "tests"),
        ("services/api/README.md", "low", "docs"),
        ("src/api/v1/orders.py", "high", "code"),
        ("integrations/github.py", "high", "code"),
        ("ui/button.tsx", "medium", "code"),
        ("app/Button.test.tsx", "low", "tests"),
        ("poetry.lock", "high", "dependencies"),
        ("requirements-dev.txt", "high", "dependencies"),
        ("db/migrations/0001_init.py", "critical", "migration"),
        (".github/workflows/ci.yml", "high", "configuration"),
        ("shop/cart.py", "medium", "code"),
    ],
)
def test_the_first_rule_that_matches_a_path_sorts_it(path: str, category: str, kind: str) -> None:
    rule = Sorter(RULES).rule_of(path)

    assert (rule.category.value, rule.kind.value) == (category, kind)


def test_no_change_has_no_risk() -> None:
    risk = _risk()

    assert (risk.score, risk.category, risk.reasons) == (0.0, Category.LOW, ())
    assert recommend(risk, RULES).tests is TestChoice.SMOKE


def test_documentation_is_nearly_harmless_and_a_large_backend_change_is_not() -> None:
    docs = _risk(File("README.md", 400))
    backend = _risk(File("backend/a.py", 300), File("backend/db/b.py", 200))

    assert docs.score < 0.1
    assert backend.score > 0.6
    assert (docs.category, backend.category) == (Category.LOW, Category.CRITICAL)
    assert backend.files == {Category.CRITICAL: 2}


def test_the_score_is_the_sum_of_what_its_factors_add() -> None:
    risk = _risk(File("api/a.py", 120), File("tests/test_a.py", 30))

    total = RULES.weights.start + sum(factor.adds for factor in risk.factors)
    assert risk.score == pytest.approx(probability(total))
    assert {factor.name for factor in risk.factors} == set(FEATURES)
    assert [factor.adds for factor in risk.factors] == sorted(
        (factor.adds for factor in risk.factors), reverse=True
    )


def test_the_reasons_name_files_and_numbers() -> None:
    past = {"api/a.py": PathPast(changes=12, judged=8, failed=4)}

    reasons = _risk(File("api/a.py", 100, 20), File("package.json", 1), past=past).reasons

    assert "api/a.py belongs to API, category high" in reasons
    assert "121 lines of code changed in 2 files" in reasons
    assert "api/a.py was changed 12 times lately" in reasons
    assert "after 4 of 8 changes of api/a.py a test failed" in reasons
    assert "package.json (dependencies) acts where no import leads" in reasons
    assert "the code lies in 2 folders" in reasons


def test_a_file_that_was_renamed_keeps_its_past_and_its_danger() -> None:
    moved = File("util/a.py", 5, old_path="backend/a.py")
    past = {"backend/a.py": PathPast(judged=10, failed=9)}

    risk = _risk(moved, past=past)

    assert risk.category is Category.CRITICAL
    assert any("9 of 10 changes of backend/a.py" in reason for reason in risk.reasons)


def test_tests_beside_the_code_lower_the_score() -> None:
    bare = _risk(File("api/a.py", 100))
    tested = _risk(File("api/a.py", 100), File("tests/test_a.py", 100))

    assert tested.score < bare.score


@given(FILES, st.integers(0, 7), st.integers(1, 5000))
@settings(max_examples=80)
def test_more_changed_code_is_never_less_risky(files: list[File], at: int, more: int) -> None:
    at %= len(files)
    kind = Sorter(RULES).rule_of(files[at].path).kind
    grown = list(files)
    grown[at] = replace(files[at], added=files[at].added + more)

    if kind is not FileKind.TESTS:
        assert _risk(*grown).score >= _risk(*files).score


@given(FILES, FILES)
@settings(max_examples=50)
def test_more_changed_files_are_never_less_risky_unless_they_are_tests(
    files: list[File], others: list[File]
) -> None:
    more = [file for file in others if "test" not in file.path]

    assert _risk(*files, *more).score >= _risk(*files).score


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 50), st.integers(0, 50))
def test_a_worse_past_is_never_less_risky(
    changes: int, more: int, failed: int, judged: int
) -> None:
    file = File("api/a.py", 10)
    mild = {file.path: PathPast(changes, failed + judged, failed)}
    worse = {file.path: PathPast(changes + more, failed + judged, failed + judged)}

    assert _risk(file, past=worse).score >= _risk(file, past=mild).score


@pytest.mark.parametrize(
    ("files", "tests", "wait"),
    [
        ([File("README.md", 10)], TestChoice.SMOKE, False),
        ([File("tests/test_a.py", 10)], TestChoice.IMPACTED, False),
        ([File("shop/cart.py", 5)], TestChoice.IMPACTED, False),
        ([File("api/a.py", 5)], TestChoice.IMPACTED, True),
        ([File("poetry.lock", 5)], TestChoice.ALL, True),
        ([File("backend/a.py", 900), File("core/b.py", 50)], TestChoice.ALL, True),
    ],
)
def test_what_is_recommended(files: list[File], tests: TestChoice, wait: bool) -> None:
    seconds = {TestChoice.ALL: 600.0, TestChoice.IMPACTED: 60.0}

    advice = recommend(_risk(*files), RULES, seconds)

    assert (advice.tests, advice.wait) == (tests, wait)
    assert advice.predicted_s == seconds.get(tests)
    assert len(advice.reasons) == 2


def test_a_learnt_model_replaces_the_rules_weights() -> None:
    model = rule_model(RULES)
    tame = model.model_copy(update={"means": (-5.0, *(0.0 for _ in FEATURES)), "seen": 50})

    risk = assess(RiskInput([File("backend/a.py", 900)], RULES, {}, tame))

    assert risk.score < 0.01
    assert risk.learnt_from == 50
    assert risk.category is Category.CRITICAL
