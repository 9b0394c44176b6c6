import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from testfleet.contracts.report import Cost, RunReport, RunStatus, TestReport, Totals
from testfleet.contracts.result import Outcome
from testfleet.results.junit import junit_xml, printable
from tests.planning_samples import NOW, RUN, make_report

ANY_TEXT = st.text(st.characters(), max_size=60)


def report_of(*tests: TestReport) -> RunReport:
    return RunReport(
        run_id=RUN,
        repository="r",
        suite="default",
        mode="full",
        status=RunStatus.FAILED,
        commit=None,
        started_at=NOW,
        finished_at=NOW,
        wall_s=1.0,
        serial_s=1.0,
        lower_bound_s=1.0,
        workers=1,
        shards=(),
        totals=Totals(),
        tests=tests,
        cost=Cost(usd=0, by_service={}),
    )


def parsed(*tests: TestReport) -> JUnitXml:
    return JUnitXml.fromstring(junit_xml(report_of(*tests)))


def one_case(test: TestReport) -> object:
    return next(iter(next(iter(parsed(test)))))


def test_a_test_of_another_tool_has_its_file_as_class_and_its_own_name() -> None:
    test = make_report("web/a.test.ts > api > GET /users", Outcome.PASSED)
    case = one_case(test.model_copy(update={"file": "web/a.test.ts"}))
    assert (case.classname, case.name) == ("web/a.test.ts", "api > GET /users")


def test_each_file_is_a_testsuite_with_its_counts() -> None:
    suites = list(
        parsed(
            make_report("a.py::x", Outcome.FAILED, duration_s=1.5),
            make_report("b.py::y", Outcome.PASSED),
            make_report("a.py::z", Outcome.SKIPPED),
            make_report("a.py::l", Outcome.LOST),
        )
    )
    assert [(suite.name, suite.tests) for suite in suites] == [("a.py", 3), ("b.py", 1)]
    assert (suites[0].failures, suites[0].errors, suites[0].skipped) == (1, 1, 1)
    assert suites[0].time == pytest.approx(2.5)


def test_the_merged_file_has_the_totals_of_the_run() -> None:
    merged = parsed(make_report("a.py::x", Outcome.FAILED), make_report("b.py::y", Outcome.ERROR))
    assert (merged.tests, merged.failures, merged.errors) == (2, 1, 1)


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        (Outcome.FAILED, "Failure"),
        (Outcome.ERROR, "Error"),
        (Outcome.LOST, "Error"),
        (Outcome.SKIPPED, "Skipped"),
    ],
)
def test_an_outcome_is_the_element_that_readers_know(outcome: Outcome, tag: str) -> None:
    [problem] = one_case(make_report("a.py::x", outcome)).result  # type: ignore[attr-defined]
    assert (type(problem).__name__, problem.message) == (tag, "boom")


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FLAKY])
def test_passed_and_flaky_tests_count_as_passed(outcome: Outcome) -> None:
    assert one_case(make_report("a.py::x", outcome)).is_passed  # type: ignore[attr-defined]


def test_a_flaky_test_keeps_its_first_failure() -> None:
    root = ET.fromstring(junit_xml(report_of(make_report("a.py::x", Outcome.FLAKY))))
    failure = root.find("testsuite/testcase/flakyFailure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("boom", "Traceback")


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_comes_back_as_its_printable_form(name: str, message: str, longrepr: str) -> None:
    test = make_report("a.py::x").model_copy(
        update={"id": f"a.py::x[{name}]", "message": message, "longrepr": longrepr}
    )
    case = one_case(test)
    assert case.name == printable(f"x[{name}]")  # type: ignore[attr-defined]
    [failure] = case.result  # type: ignore[attr-defined]
    assert failure.message == printable(message)
    assert (failure.text or "") == printable(longrepr)


@given(ANY_TEXT)
def test_printable_text_changes_only_what_xml_cannot_hold(text: str) -> None:
    allowed = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "", text)
    if allowed == text:
        assert printable(text) == text
    assert printable(printable(text)) == printable(text)


def test_control_characters_are_written_as_pytest_writes_them() -> None:
    assert printable("\x1b[31m\udcff\r\n\r") == "#x1B[31m#xDCFF\n#x0D"


def test_an_id_of_a_hundred_kilobytes_is_kept() -> None:
    long = "p" * 100_000
    assert one_case(make_report(f"a.py::x[{long}]")).name == f"x[{long}]"  # type: ignore[attr-defined]


SUITE = """
import pytest
class TestA:
    class TestB:
        def test_in(self): pass
@pytest.mark.parametrize("x", ["a::b", "c/d", "e[f]", "tab\\t", "\\x1b"])
def test_it(x): pass
def test_bad(): assert 0
"""


def test_names_are_those_of_pytests_own_junit_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "test_names.py").write_text(SUITE)
    (tmp_path / "sub" / "test_broken.py").write_text("import nothing_like_this")
    options = "-p no:cacheprovider --continue-on-collection-errors --junitxml=x --report-log=log"
    command = [sys.executable, "-m", "pytest", *options.split()]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    events = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    ids = dict.fromkeys(event["nodeid"] for event in events if is_about_a_test(event))
    ours = ET.fromstring(junit_xml(report_of(*map(make_report, ids))))
    assert names_in(ours) == names_in(ET.parse(tmp_path / "x").getroot())
    assert len(ids) == 8


def is_about_a_test(event: dict[str, str]) -> bool:
    kind = event["$report_type"]
    return kind == "TestReport" or (kind == "CollectReport" and event["outcome"] == "failed")


def names_in(root: ET.Element) -> set[tuple[str | None, str | None]]:
    return {(case.get("classname"), case.get("name")) for case in root.iter("testcase")}
