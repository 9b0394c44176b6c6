"""Triage of a whole run, and its SARIF file."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.made_failures import made_run
from testfleet.config import load_routing
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.failure import (
    Cause,
    Classification,
    Domain,
    FailureVerdict,
    Judgement,
    Priority,
    Sighting,
)
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.contracts.report import Cost, RunReport, RunStatus, TestReport, Totals
from testfleet.contracts.result import Outcome
from testfleet.results.sarif import sarif
from testfleet.triage.clusters.report import Scene, triage
from testfleet.triage.clusters.suspects import CommitChange
from testfleet.triage.route import Branch

NOW = datetime(2026, 2, 1, tzinfo=UTC)
RULES = load_routing()


def report_of(failure, outcome=Outcome.FAILED, attempts=3):
    return TestReport(
        id=failure.test,
        file=failure.file,
        outcome=outcome,
        duration_s=0.1,
        shard="r1-0000",
        attempts=attempts,
        message=failure.message,
        longrepr=failure.stack,
    )


TESTS = [report_of(each.failure) for each in made_run(3, 400)]


def classify(texts):
    usual = Classification(domain=Domain.TEST, cause=Cause.ASSERTION, confidence=0.9, model="rules")
    return [usual for _ in texts]


def scene(run="run-1", **facts):
    return Scene(Sighting(run_id=run, commit="c1", at=NOW), tests=1000, **facts)


def triaged(tests=TESTS, **facts):
    return triage(tests, scene(**facts), classify, RULES)


def run_report(found, tests=TESTS):
    return RunReport(
        run_id="run-1", repository="o/n", suite="default", mode="full", status=RunStatus.FAILED,
        commit=None, started_at=NOW, finished_at=NOW + timedelta(seconds=1), wall_s=1, serial_s=1,
        lower_bound_s=1, workers=1, shards=(), totals=Totals(failed=len(tests)),
        tests=tuple(tests), cost=Cost(usd=0, by_service={}), failures=found.failures,
        clusters=found.clusters,
    )  # fmt: skip


def test_four_hundred_failures_are_three_clusters_and_each_failure_names_its_own():
    found = triaged()
    ids = {each.id for each in found.clusters}
    assert (len(found.failures), len(ids)) == (400, 3)
    assert {each.cluster for each in found.failures} == ids


def test_each_cause_is_classified_once():
    asked = []
    triage(TESTS, scene(), lambda texts: asked.extend(texts) or classify(texts), RULES)
    assert len(asked) == 3


def test_the_next_run_knows_since_when():
    past = triaged().past
    again = triaged(run="run-2", past=past)
    assert {each.first_seen.run_id for each in again.clusters} == {"run-1"}
    assert all("first seen on 2026-02-01" in each.text for each in again.clusters)


def test_passed_tests_are_no_failures():
    passed = TESTS[0].model_copy(update={"outcome": Outcome.PASSED})
    assert triaged([passed]).failures == ()


@pytest.mark.parametrize(
    ("outcome", "attempts", "verdict"),
    [
        (Outcome.FLAKY, 2, FailureVerdict.FLAKY),
        (Outcome.FAILED, 3, FailureVerdict.REAL),
        (Outcome.FAILED, 1, FailureVerdict.UNCONFIRMED),
    ],
)
def test_reruns_decide_the_verdict(outcome, attempts, verdict):
    test = TESTS[0].model_copy(update={"outcome": outcome, "attempts": attempts})
    assert triaged([test]).failures[0].judgement.verdict is verdict


def test_a_judgement_of_an_investigation_comes_first():
    judgement = Judgement(verdict=FailureVerdict.INFRASTRUCTURE, reason="the disk is full")
    [failure] = triaged(TESTS[:1], judgements={TESTS[0].id: judgement}).failures
    assert failure.judgement == judgement


def test_a_cause_of_quarantined_tests_only_comes_last():
    entries = [QuarantineConfig(test="*", owner="ann", until=NOW.date())]
    found = triaged(branch=Branch.DEFAULT, is_blocking=True, quarantine=entries)
    assert all(each.quarantined for each in found.failures)
    assert {each.route.priority for each in found.clusters} == {Priority.LOW}


def test_what_is_flaky_comes_after_what_is_real():
    flaky = {test.id: Judgement(verdict=FailureVerdict.FLAKY) for test in TESTS}
    one = triaged().clusters[0]
    del flaky[one.representative]
    found = triaged(judgements=flaky, branch=Branch.OTHER).clusters
    assert found[0].id == one.id


def test_the_commit_that_touched_the_stack_is_named():
    where = triaged().clusters[0].where.partition(":")[0]
    commit = CommitChange("abc", "t", (FileChange(path=where, status=FileStatus.MODIFIED),))
    told = triaged(commits=[commit]).clusters[0]
    assert {each.name for each in told.suspects} == {"abc", where}


def test_sarif_has_a_result_for_each_failure_and_a_rule_for_each_cause():
    log = json.loads(sarif(run_report(triaged())))
    [run] = log["runs"]
    assert (log["version"], len(run["results"])) == ("2.1.0", 400)
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == rules


def test_sarif_places_are_inside_the_repository():
    for result in json.loads(sarif(run_report(triaged())))["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert place["region"]["startLine"] >= 1


@pytest.mark.parametrize("where", ["../secret.py:3", "a/../../x.py:1", "/etc/passwd:1"])
def test_a_place_outside_the_repository_is_that_of_the_test(where):
    found = triaged()
    clusters = tuple(each.model_copy(update={"where": where}) for each in found.clusters)
    log = json.loads(sarif(run_report(replace(found, clusters=clusters))))
    files = {test.file for test in TESTS}
    for result in log["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] in files


def test_sarif_fingerprints_are_the_same_in_the_next_run():
    one, other = (json.loads(sarif(run_report(triaged(run=run)))) for run in ("run-1", "run-2"))
    assert [each["partialFingerprints"] for each in one["runs"][0]["results"]] == [
        each["partialFingerprints"] for each in other["runs"][0]["results"]
    ]


def test_sarif_of_a_report_without_triage_names_the_test_files():
    empty = triage([], scene(), classify, RULES)
    results = json.loads(sarif(run_report(empty, TESTS[:2])))["runs"][0]["results"]
    assert [each["ruleId"] for each in results] == ["other", "other"]


def test_sarif_of_odd_messages_is_still_json():
    odd = TESTS[0].model_copy(update={"message": "\ud800\x00\x1b[31m" + "x" * 9999})
    [result] = json.loads(sarif(run_report(triaged([odd]), [odd])))["runs"][0]["results"]
    assert len(result["message"]["text"]) <= 1000
