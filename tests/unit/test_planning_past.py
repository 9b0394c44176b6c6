"""What other tools write is read as they mean it; what is broken is named, not fatal."""

import json
import math
from datetime import UTC, datetime

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import Verdict
from testfleet.planning.prediction.past.files import FileIndex, Place
from testfleet.planning.prediction.past.junit import read_junit
from testfleet.planning.prediction.past.reading import read_past, whole_runs
from testfleet.planning.prediction.past.records import PastRun, Record, UnreadableError, seconds_of
from testfleet.planning.prediction.past.split import read_durations
from testfleet.planning.prediction.past.table import read_table

PASSED, FAILED, FLAKY, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.FLAKY, Verdict.UNKNOWN

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="0" failures="1" tests="4" timestamp="2026-03-04T05:06:07+00:00">
<testcase classname="tests.test_a.TestX" name="test_y[1]" time="1.250"/>
<testcase classname="tests.test_a" name="test_z" time="0.5"><failure message="no">E</failure>
</testcase>
<testcase classname="tests.test_b" name="test_s" time="0"><skipped type="pytest.skip"/></testcase>
<testcase classname="tests.test_b" name="test_e" time="0.1"/>
<testcase classname="tests.test_b" name="test_e" time="0.2"><error message="teardown"/></testcase>
</testsuite></testsuites>"""

SUREFIRE = b"""<testsuite xmlns:xsi="x" name="org.shop.CartTest" time="1,234.5">
<properties><property name="a" value="b"/></properties>
<testcase name="adds" classname="org.shop.CartTest" time="1,234.5"><flakyFailure/></testcase>
<testcase name="drops" classname="org.shop.CartTest" time="2"><failure/><rerunFailure/></testcase>
</testsuite>"""

JEST = b"""<testsuites><testsuite name="cart" file="web/src/cart.test.ts">
<testcase classname="cart adds" name="cart adds" time="0.02"></testcase></testsuite></testsuites>"""


def by_case(run: PastRun) -> dict[str, Record]:
    return {record.case: record for record in run.records}


def test_pytests_own_file() -> None:
    run = read_junit(PYTEST, "a.xml")
    found = by_case(run)
    assert run.at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found["test_y[1]"] == Record("tests.test_a.TestX", "test_y[1]", "", 1.25, PASSED)
    assert found["test_z"].verdict is FAILED
    assert (found["test_s"].verdict, found["test_s"].duration_s) == (PASSED, 0.0)
    assert found["test_e"].verdict is FAILED
    assert found["test_e"].duration_s == pytest.approx(0.3)


def test_surefires_file_with_grouped_thousands_and_reruns() -> None:
    found = by_case(read_junit(SUREFIRE, "a.xml"))
    assert (found["adds"].duration_s, found["adds"].verdict) == (1234.5, FLAKY)
    assert found["drops"].verdict is FAILED


def test_a_failure_followed_by_a_pass_is_flaky() -> None:
    body = (
        b'<testsuite><testcase name="a" time="1"><failure/></testcase>'
        b'<testcase name="a" time="2"/></testsuite>'
    )
    [record] = read_junit(body, "a.xml").records
    assert (record.verdict, record.duration_s) == (FLAKY, 3.0)


@pytest.mark.parametrize("body", [PYTEST, SUREFIRE, JEST])
def test_as_many_tests_are_found_as_junitparser_finds(body: bytes) -> None:
    suites = junitparser.JUnitXml.fromstring(body)
    suites = [suites] if isinstance(suites, junitparser.TestSuite) else list(suites)
    names = {(case.classname, case.name) for suite in suites for case in suite}
    assert {(r.name, r.case) for r in read_junit(body, "a.xml").records} == names


BOMB = b'<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>'
REMOTE = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (BOMB, "document type"),
        (REMOTE, "document type"),
        (PYTEST[:200], "no well-formed XML"),
        (b"<html><body/></html>", "expected <testsuites>"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "XML"),
        (b'<testsuite name="\xff\xfe"/>', "XML"),
        (b"{nonsense", "no JSON"),
        (b'{"a": 1', "no JSON"),
        (b"[1, 2]", "no JSON"),
        (b"[" * 100_000, "JSON|deep"),
        (b"", "expected `test`"),
        (b"colour,taste\nred,sweet\n", "colour, taste"),
        (b"test,duration_s\n\xff\xfe,1\n", "not UTF-8"),
        (b'test,duration_s\n"' + b"a" * 200_000 + b'",1\n', "no CSV"),
        (b"\x00\x01\x02", "expected `test`"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read_past(body, "file")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_content_breaks_the_reader(body: bytes) -> None:
    for start in (b"", b"<testsuite>", b"{", b"test,duration_s\n"):
        try:
            read_past(start + body, "file")
        except UnreadableError as exc:
            assert str(exc)


def test_pytest_splits_durations() -> None:
    body = json.dumps({"tests/test_a.py::test_x": 1.5, "tests/test_a.py::test_y": math.nan})
    seconds = {r.name: r.duration_s for r in read_durations(body.encode(), "f").records}
    assert seconds == {"tests/test_a.py::test_x": 1.5, "tests/test_a.py::test_y": None}
    pairs = json.dumps([["a.py::test_x", 2]]).encode()
    assert [r.duration_s for r in read_durations(pairs, "f").records] == [2.0]


def test_a_table_is_read_run_by_run() -> None:
    body = b"cycle,test,duration_s,failed\n10,a,3.5,1\n2,a,1,0\n2,b,NaN,0\n2,a,2,1\n"
    older, newer = read_table(body, "t.csv")
    assert (older.source, newer.source) == ("t.csv, run 2", "t.csv, run 10")
    assert older.records == [
        Record("a", duration_s=1.5, verdict=FLAKY),
        Record("b", duration_s=None, verdict=PASSED),
    ]
    assert newer.records == [Record("a", duration_s=3.5, verdict=FAILED)]


def test_a_table_of_units_needs_only_two_columns() -> None:
    [run] = read_table(b"\xef\xbb\xbfUnit,Duration_S\ntests/test_a.py,2.5\n,9\n", "t.csv")
    assert run.records == [Record("tests/test_a.py", duration_s=2.5, verdict=UNKNOWN)]


def test_runs_without_numbers_follow_each_other_in_time() -> None:
    body = b"run,test,duration,timestamp,outcome\nx,a,1,2026-02-01,ok\ny,a,2,2026-01-01,error\n"
    assert [run.source for run in read_table(body, "t")] == ["t, run y", "t, run x"]


def test_a_run_read_again_has_the_same_digest_wherever_it_stands() -> None:
    first = read_table(b"cycle,test,duration_s\n1,a,1\n1,b,2\n", "one")
    longer = read_table(b"cycle,test,duration_s\n2,a,9\n1,b,2\n1,a,1\n", "two")
    assert first[0].digest == longer[0].digest != longer[1].digest


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.5", 1.5), ("0", 0.0), ("1,000", 1000.0), (" 2 ", 2.0), (3, 3.0), ("1e3", 1000.0)],
)
def test_durations_as_tools_write_them(text: object, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "NaN", "-1", "inf", "1e30", "soon", None, True, [1], 10**400])
def test_what_is_no_duration_is_missing(text: object) -> None:
    assert seconds_of(text) is None


FILES = (
    "tests/test_a.py",
    "tests/sub/test_a.py",
    "tests/sub/test_b.py",
    "web/src/cart.test.ts",
    "java/src/test/org/shop/CartTest.java",
    "backend/tests/test_a.py",
)


@pytest.mark.parametrize(
    ("record", "file", "id_"),
    [
        (Record("tests.test_a.TestX", "test_y[1]"), "tests/test_a.py", "::TestX::test_y[1]"),
        (Record("tests.test_a", "test_y"), "tests/test_a.py", "::test_y"),
        (Record("test_b", "test_y"), "tests/sub/test_b.py", "::test_y"),
        (Record("tests/test_a.py::TestX::test_y"), "tests/test_a.py", "::TestX::test_y"),
        (Record("tests/test_a.py::[2/3]"), "tests/test_a.py", ""),
        (Record("sub/test_b.py"), "tests/sub/test_b.py", ""),
        (Record("/ci/build/tests/sub/test_b.py"), "tests/sub/test_b.py", ""),
        (Record(r"tests\sub\test_b.py"), "tests/sub/test_b.py", ""),
        (Record("TestX", "test_y", "tests/test_a.py"), "tests/test_a.py", "::test_y"),
        (
            Record("tests.test_a.TestX", "test_y", "tests/test_a.py"),
            "tests/test_a.py",
            "::TestX::test_y",
        ),
        (Record("cart adds", "cart adds", "web/src/cart.test.ts"), "web/src/cart.test.ts", ""),
        (Record("org.shop.CartTest", "adds"), "java/src/test/org/shop/CartTest.java", "::adds"),
    ],
)
def test_a_test_is_found_in_the_tree(record: Record, file: str, id_: str) -> None:
    assert FileIndex(FILES).place(record) == Place(file, file + id_)


@pytest.mark.parametrize(
    "record",
    [
        Record("test_a", "test_y", ""),
        Record("other.test_z", "test_y"),
        Record("other/test_z.py::test_y"),
        Record("", ""),
        Record("..", "."),
    ],
)
def test_what_could_be_several_files_or_none_is_not_found(record: Record) -> None:
    assert FileIndex(FILES[1:]).place(record) is None


def test_below_the_suites_folder_comes_first_and_ids_are_relative_to_it() -> None:
    index = FileIndex(FILES, "backend")
    assert index.place(Record("tests.test_a", "test_y")) == Place(
        "backend/tests/test_a.py", "tests/test_a.py::test_y"
    )


def part(*names: str, at: int | None = None) -> PastRun:
    moment = datetime(2026, 1, at, tzinfo=UTC) if at else None
    records = [Record(name, duration_s=1.0) for name in names]
    return PastRun(",".join(names), ",".join(names), records, moment, is_part=True)


def test_files_of_one_run_are_put_together_and_those_of_the_next_apart() -> None:
    runs = whole_runs([part("a", at=2), part("c", at=1), part("b", at=1), part("b", at=3)])
    assert [[record.name for record in run.records] for run in runs] == [["c", "b", "a"], ["b"]]
