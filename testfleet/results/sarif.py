"""A run's failures as SARIF 2.1.0, which code hosts show beside the changed lines.

One rule for each cause, one result for each failed test that is not flaky. `partialFingerprints`
keep a result the same from run to run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from testfleet.contracts.failure import Cause, Failure, FailureCluster, FailureVerdict
from testfleet.contracts.report import RunReport, TestReport
from testfleet.contracts.result import Outcome

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS: Final = 5_000
"""Code hosts take no more of one run."""
_MAX_MESSAGE: Final = 1_000
_RED: Final = (Outcome.FAILED, Outcome.ERROR)
_PLACE: Final = re.compile(r"(?P<path>.{1,300}?):(?P<line>\d{1,7})(?:, in .*)?$")


def sarif(report: RunReport) -> bytes:
    """The report as a SARIF log in UTF-8. Without triage, results name their test file only."""
    failures = {each.test: each for each in report.failures}
    clusters = {each.id: each for each in report.clusters}
    tests = [test for test in report.tests if test.outcome in _RED][:MAX_RESULTS]
    causes = sorted({_cause(failures.get(test.id)) for test in tests})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "Testfleet", "rules": [_rule(each) for each in causes]}
                },
                "automationDetails": {"id": f"testfleet/{report.suite}/{report.run_id}"},
                "columnKind": "unicodeCodePoints",
                "results": [_result(test, failures.get(test.id), clusters) for test in tests],
            }
        ],
    }
    return (json.dumps(log, indent=2, ensure_ascii=True) + "\n").encode()


def _cause(failure: Failure | None) -> str:
    told = failure.classification if failure else None
    return (told.cause if told else Cause.OTHER).value


def _rule(cause: str) -> dict[str, Any]:
    return {
        "id": cause,
        "shortDescription": {"text": f"A test failed: {cause}"},
        "defaultConfiguration": {"level": "error"},
    }


def _result(
    test: TestReport, failure: Failure | None, clusters: Mapping[str, FailureCluster]
) -> dict[str, Any]:
    found = clusters.get(failure.cluster) if failure else None
    text = test.message.strip() or "failed without a message"
    result: dict[str, Any] = {
        "ruleId": _cause(failure),
        "level": "note" if failure and _is_harmless(failure) else "error",
        "message": {"text": f"{test.id}: {text}"[:_MAX_MESSAGE]},
        "locations": [_location(test, found)],
    }
    if failure:
        result["partialFingerprints"] = {"testfleet/v1": f"{failure.fingerprint}/{test.id}"}
    if found:
        result["properties"] = {"cluster": found.id, "text": found.text}
    return result


def _is_harmless(failure: Failure) -> bool:
    is_flaky = failure.judgement and failure.judgement.verdict is FailureVerdict.FLAKY
    return failure.quarantined or bool(is_flaky)


def _location(test: TestReport, found: FailureCluster | None) -> dict[str, Any]:
    """Where the cluster's code is, if that is a file of the repository; else the test's file."""
    place = _PLACE.match(found.where) if found else None
    path, line = (place["path"], int(place["line"])) if place else (test.file, 1)
    leads_out = ".." in path.replace("\\", "/").split("/")
    if leads_out or path.startswith(("/", "\\", "<")) or path[1:2] == ":":
        path, line = test.file, 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path.replace("\\", "/")), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": max(1, line)},
        }
    }
