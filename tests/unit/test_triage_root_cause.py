"""Suspects, the memory of clusters, and the text that tells a person what broke."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.made_failures import made_run
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.failure import (
    Cause,
    Classification,
    Domain,
    FailureCluster,
    FailureVerdict,
    FlakyCategory,
    Judgement,
    Sighting,
    Suspect,
)
from testfleet.triage.cause_text import TRY, WHAT, Facts, cause_text, summary_lines
from testfleet.triage.clusters.cluster import cluster
from testfleet.triage.clusters.memory import MAX_REMEMBERED, recall, remember
from testfleet.triage.clusters.suspects import (
    CommitChange,
    changed_files,
    suspect_commits,
    suspect_files,
)
from testfleet.triage.fingerprints.fingerprint import FailureText, read_trace

STACK = """Traceback (most recent call last):
  File "tests/test_a.py", line 3, in test_a
    total()
  File "app/cart.py", line 40, in total
    return price(None)
  File "app/price.py", line 12, in price
    raise ValueError("no price")
ValueError: no price"""
START = datetime(2026, 1, 1, tzinfo=UTC)


def change(path, *lines, status=FileStatus.MODIFIED):
    return FileChange(path=path, status=status, lines=lines)


def trace(stack=STACK):
    return read_trace(FailureText("tests/test_a.py::test_a", "tests/test_a.py", "", stack))


def sighting(run):
    return Sighting(run_id=f"run-{run}", commit=f"c{run}", at=START + timedelta(days=run))


def told(**facts):
    usual = {
        "id": "f00d",
        "title": "ValueError: no price",
        "representative": "tests/test_a.py::test_a",
        "count": 3,
        "files": 2,
        "fingerprints": ("f00d",),
        "where": "app/price.py:12, in price",
    }
    return FailureCluster.model_validate(usual | facts)


def classified(cause, confidence=0.9):
    return Classification(domain=Domain.TEST, cause=cause, confidence=confidence, model="rules")


def test_a_changed_line_says_more_than_a_changed_file_and_that_more_than_its_folder():
    changes = [
        change("app/b.py"),
        change("app/price.py", (50, 60)),
        change("app/cart.py", (40, 40)),
    ]
    names = [each.name for each in suspect_files(trace(), [*changes, change("docs/x.md")])]
    assert names == ["app/cart.py", "app/price.py", "app/b.py"]


def test_the_innermost_frame_is_most_suspicious():
    names = [
        each.name
        for each in suspect_files(trace(), [change("app/cart.py"), change("app/price.py")])
    ]
    assert names == ["app/price.py", "app/cart.py"]


def test_a_renamed_file_is_found_by_its_old_name():
    moved = FileChange(path="shop/price.py", status=FileStatus.RENAMED, old_path="app/price.py")
    assert suspect_files(trace(), [moved])[0].score > 0.5


def test_a_deleted_module_that_the_message_names_is_suspected():
    stack = "E   ModuleNotFoundError: No module named 'app.rates'"
    gone = change("app/rates.py", status=FileStatus.DELETED)
    assert "deleted" in suspect_files(trace(stack), [change("app/other.py"), gone])[0].reason


def test_the_newest_of_equal_commits_comes_first():
    commits = [CommitChange(name, "t", (change("app/price.py"),)) for name in ("new", "old")]
    assert [each.name for each in suspect_commits(trace(), commits)] == ["new", "old"]


def test_the_only_commit_is_suspected_without_overlap():
    [only] = suspect_commits(trace(), [CommitChange("abc", "docs", (change("README.md"),))])
    assert (only.name, only.score < 0.5) == ("abc", True)


def test_the_newest_change_of_a_file_counts():
    commits = [
        CommitChange("2", "", (change("a", (2, 2)),)),
        CommitChange("1", "", (change("a", (1, 1)),)),
    ]
    assert changed_files(commits) == [change("a", (2, 2))]


def test_a_cluster_keeps_its_id_and_first_sighting_over_runs():
    run = made_run(12, 150, seed=4)
    first = recall(cluster(each.failure for each in run), (), sighting(1))
    past = remember((), first, sighting(1))
    again = recall(cluster(each.failure for each in made_run(12, 90, seed=4)), past, sighting(2))
    assert {each.id for each in again} <= {each.id for each in first}
    assert {each.first_seen for each in again} == {sighting(1)}
    assert {
        each.runs for each in remember(past, again, sighting(2)) if each.last_seen == sighting(2)
    } == {2}


def test_a_run_that_is_reported_twice_counts_once():
    past = remember((), [told()], sighting(1))
    assert remember(past, [told()], sighting(1))[0].runs == 1


def test_similar_clusters_of_the_past_are_named():
    other = told(id="beef", title="ValueError: no price for the basket", fingerprints=("beef",))
    past = remember((), [other], sighting(1))
    [found] = recall(
        cluster([FailureText("t", "t.py", "", STACK.replace("no price", "no price for the cart"))]),
        past,
        sighting(2),
    )
    assert [each.id for each in found.similar] == ["beef"]


def test_the_memory_is_bounded_and_forgets_the_oldest():
    past = ()
    for run in range(MAX_REMEMBERED + 20):
        past = remember(past, [told(id=str(run), fingerprints=(str(run),))], sighting(run))
    assert len(past) == MAX_REMEMBERED
    assert past[0].id == "20"


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_and_something_to_try(cause):
    text = cause_text(Facts(told(classification=classified(cause)), "run-1"))
    assert text.startswith(WHAT[cause])
    assert TRY[cause][0] in text


def test_the_text_says_what_where_since_when_who_and_what_to_try():
    suspect = Suspect(kind="commit", name="abcdef0123456789", score=1, reason="Faster carts")
    known = told(
        first_seen=sighting(1), suspects=(suspect,), classification=classified(Cause.OTHER)
    )
    assert cause_text(Facts(known, "run-5")) == (
        "Something failed: ValueError: no price. 3 tests in 2 files fail at app/price.py:12, in"
        " price, e.g. tests/test_a.py::test_a."
        " It was first seen on 2026-01-02 in run run-1, commit c1."
        " Most suspicious is commit abcdef012345: Faster carts."
        " To try: Read the representative's message and stack."
    )


def test_an_unsure_class_is_told_as_probable():
    text = cause_text(Facts(told(classification=classified(Cause.NETWORK, 0.3)), "run-1"))
    assert "could not be reached, probably: " in text


def test_a_leak_names_its_polluter():
    leak = Judgement(verdict=FailureVerdict.FLAKY, category=FlakyCategory.LEAK, polluter="t.py::p")
    assert "It fails after t.py::p and passes without it." in cause_text(Facts(told(), "r", leak))


def test_the_summary_has_a_heading_and_two_lines_for_each_cause():
    lines = summary_lines([told(), told(title="x" * 500)], limit=1)
    assert lines[0] == "6 failures, 2 causes:"
    assert lines[1:] == [
        "1. 3 tests: ValueError: no price",
        "   app/price.py:12, in price",
        "and 1 more in the report",
    ]
    assert summary_lines([]) == []


def test_secrets_do_not_reach_a_title():
    token = "ghp_" + "a1B2" * 9
    [found] = cluster([FailureText("t", "t.py", f"ValueError: bad token {token}")])
    assert token not in found.as_contract().title
