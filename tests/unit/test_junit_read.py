"""JUnit files of many tools, and files that are none."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.junit_read import MAX_DEPTH, MAX_TOKEN, parse_junit, read_junit

SUREFIRE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x"
 name="shop.CartTest" time="1,234.5" tests="5" errors="1" skipped="1" failures="1">
 <properties><property name="java.version" value="21"/></properties>
 <testcase name="adds" classname="shop.CartTest" time="1,234.5"/>
 <testcase name="never" classname="shop.CartTest" time="0.1">
  <failure message="expected: &lt;1&gt;" type="Error"><![CDATA[at CartTest:9]]></failure>
  <rerunFailure message="expected: &lt;1&gt;" type="A"><stackTrace>at 9</stackTrace></rerunFailure>
 </testcase>
 <testcase name="second" classname="shop.CartTest" time="0.2">
  <flakyFailure message="first try" type="A"><stackTrace>at 12</stackTrace></flakyFailure>
 </testcase>
 <testcase name="breaks" classname="shop.CartTest"><error message="NPE"/></testcase>
 <testcase name="later" classname="shop.CartTest"><skipped/></testcase>
</testsuite>"""
NEXTEST = b"""<testsuites name="nextest-run" tests="2" failures="1" errors="0">
 <testsuite name="shop::cart" tests="2" disabled="0" errors="0" failures="1">
  <testcase name="cart::adds" classname="shop::cart" time="0.004"/>
  <testcase name="cart::flaky" classname="shop::cart" time="0.01">
   <flakyFailure timestamp="2026-01-01" time="0.1" message="thread panicked" type="test failure"/>
   <system-err>noise</system-err>
  </testcase></testsuite></testsuites>"""
PHPUNIT = b"""<testsuites><testsuite name="/app/phpunit.xml" tests="3" errors="0" failures="1">
 <testsuite name="Unit" tests="3" failures="1"><testsuite name="Tests\\CartTest" file="/app/C.php">
  <testcase name="testAdds" class="Tests\\CartTest" classname="Tests.CartTest" file="/app/C.php"/>
  <testsuite name="Tests\\CartTest::testMany" tests="2" failures="1">
   <testcase name="testMany with data set #0" classname="Tests.CartTest"/>
   <testcase name="testMany with data set #1" classname="Tests.CartTest"><failure>no</failure>
   </testcase></testsuite></testsuite></testsuite></testsuite></testsuites>"""
GOTESTSUM = b"""<testsuites tests="2" failures="1" errors="0" time="0.5">
 <testsuite tests="2" failures="1" time="0.01" name="example.com/shop" timestamp="2026-01-01">
  <testcase classname="example.com/shop" name="TestAdds/one" time="0.000000"></testcase>
  <testcase classname="example.com/shop" name="TestAdds" time="0.0">
   <failure message="Failed" type="">cart_test.go:9: 1 != 2</failure></testcase>
 </testsuite></testsuites>"""
GOOGLETEST = b"""<testsuites tests="3" failures="0" disabled="1" errors="0" name="AllTests">
 <testsuite name="Cart" tests="3" failures="0" disabled="1" skipped="1" errors="0">
  <testcase name="Adds" file="c.cc" line="3" status="run" result="completed" classname="Cart"/>
  <testcase name="Off" status="notrun" result="suppressed" classname="Cart"/>
  <testcase name="Hm" status="run" result="skipped" classname="Cart"/></testsuite></testsuites>"""
NODE = b"""<testsuites><testcase name="todo" classname="test" failure="x">
 <skipped type="todo" message="true"/><failure type="testCodeFailure" message="x">x</failure>
 </testcase><testsuite name="cart" tests="1" failures="1"><testcase name="adds" classname="test">
 <failure message="&#27;[31m1 == 2\x1b[39m">\x1b[31mred</failure></testcase></testsuite>
 <!-- tests 2 --></testsuites>"""
CTEST = b"""<testsuite name="Linux" tests="2" failures="1" disabled="0" skipped="0">
 <testcase name="adds" classname="adds" time="0.1" status="run"/>
 <testcase name="breaks" classname="breaks" time="0.1" status="fail"><failure message=""/>
 <system-out>boom</system-out></testcase></testsuite>"""
BAZEL = b"""<testsuites><testsuite name="shop/cart_test" tests="1" failures="0" errors="1">
 <testcase name="shop/cart_test" status="run" duration="0" time="0"><error message="exited 1"/>
 </testcase></testsuite></testsuites>"""


def told(data):
    reading = parse_junit(data)
    assert reading.problems == []
    return {case.id: (str(case.outcome), case.attempts) for case in reading.cases}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            SUREFIRE,
            {
                "shop.CartTest > adds": ("passed", 1),
                "shop.CartTest > never": ("failed", 2),
                "shop.CartTest > second": ("flaky", 2),
                "shop.CartTest > breaks": ("error", 1),
                "shop.CartTest > later": ("skipped", 1),
            },
        ),
        (
            NEXTEST,
            {"shop::cart > cart::adds": ("passed", 1), "shop::cart > cart::flaky": ("flaky", 2)},
        ),
        (
            PHPUNIT,
            {
                "Unit > Tests\\CartTest > Tests.CartTest > testAdds": ("passed", 1),
                "Unit > Tests\\CartTest > Tests\\CartTest::testMany > Tests.CartTest"
                " > testMany with data set #0": ("passed", 1),
                "Unit > Tests\\CartTest > Tests\\CartTest::testMany > Tests.CartTest"
                " > testMany with data set #1": ("failed", 1),
            },
        ),
        (
            GOTESTSUM,
            {
                "example.com/shop > TestAdds/one": ("passed", 1),
                "example.com/shop > TestAdds": ("failed", 1),
            },
        ),
        (
            GOOGLETEST,
            {
                "Cart > Adds": ("passed", 1),
                "Cart > Off": ("skipped", 1),
                "Cart > Hm": ("skipped", 1),
            },
        ),
        (NODE, {"todo": ("skipped", 1), "cart > adds": ("failed", 1)}),
        (CTEST, {"adds > adds": ("passed", 1), "breaks > breaks": ("failed", 1)}),
        (BAZEL, {"shop/cart_test > shop/cart_test": ("error", 1)}),
    ],
    ids=["surefire", "nextest", "phpunit", "gotestsum", "googletest", "node", "ctest", "bazel"],
)
def test_a_dialect_is_understood(data, expected):
    assert told(data) == expected


def test_messages_texts_and_times_are_read():
    cases = {case.name: case for case in parse_junit(SUREFIRE).cases}
    assert cases["adds"].seconds == 1234.5
    assert (cases["never"].message, cases["never"].text) == ("expected: <1>", "at CartTest:9")
    assert (cases["second"].message, cases["second"].text) == ("first try", "at 12")
    assert parse_junit(NODE).cases[1].message == "1 == 2"
    assert parse_junit(NODE).cases[1].text == "red"


def test_what_pytest_itself_writes_is_read_as_pytest_counts_it(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef bad():\n    yield\n    assert 0\n"
        "def test_ok(): pass\ndef test_no(): assert 0\ndef test_end(bad): pass\n"
        "@pytest.mark.skip\ndef test_skip(): pass\n"
        "@pytest.mark.xfail\ndef test_x(): assert 0\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=r.xml"]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    reading = read_junit(tmp_path / "r.xml")
    assert reading.problems == []
    assert [(case.name, str(case.outcome)) for case in reading.cases] == [
        ("test_ok", "passed"),
        ("test_no", "failed"),
        ("test_end", "error"),
        ("test_skip", "skipped"),
        ("test_x", "skipped"),
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"not xml", "no well-formed XML"),
        (b"<html><testcase name='a'/></html>", "its root is <html>"),
        (
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite><testcase name='&b;'/></testsuite>",
            "document type",
        ),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><testsuite>&x;</testsuite>", "document type"),
        (b"<testsuite>" * (MAX_DEPTH + 1), "elements in one another"),
        (b"<testsuite name='" + b"a" * (MAX_TOKEN + 200_000), "a tag longer than"),
    ],
    ids=["empty", "text", "html", "entity", "outside", "deep", "long"],
)
def test_what_is_no_report_is_a_problem_and_no_pass(data, problem):
    reading = parse_junit(data)
    assert problem in reading.problems[0]
    assert reading.cases == []


def test_entities_that_multiply_cost_nothing():
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 20}'>" for n in range(1, 20))
    bomb = f"<!DOCTYPE x [<!ENTITY e0 'lol'>{entities}]><testsuite name='&e19;'/>"
    assert "has a document type" in parse_junit(bomb.encode()).problems[0]


def test_the_tests_before_a_break_are_kept_and_the_open_one_is_not():
    broken = SUREFIRE[: SUREFIRE.index(b'name="second"') + 60]
    reading = parse_junit(broken)
    assert [case.name for case in reading.cases] == ["adds", "never"]
    assert "no well-formed XML at line" in reading.problems[0]


@pytest.mark.parametrize(
    "encoded",
    [
        "<?xml version='1.0' encoding='ISO-8859-1'?><testsuite>{}</testsuite>".encode("latin-1"),
        "<testsuite>{}</testsuite>".encode("utf-16"),
        b"<?xml version='1.0' encoding='no-such'?><testsuite>{}</testsuite>",
    ],
)
def test_other_encodings_and_unknown_ones_are_read(encoded):
    body = "<testcase name='gr\xfcn'/>"
    codec = "utf-16" if encoded[:1] in b"\xff\xfe" else "latin-1"
    data = encoded.decode(codec).replace("{}", body).encode(codec)
    (case,) = parse_junit(data).cases
    assert case.name in ("gr\xfcn", "gr\ufffdn")


def test_bytes_and_references_that_xml_forbids_cost_no_test():
    data = b"<testsuite><testcase name='a\xff\x00b&#0;c&#x1F;'/><testcase name='d'/></testsuite>"
    assert [case.name for case in parse_junit(data).cases] == ["a\ufffdbc", "d"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"<testsuite name='s' tests='3'><testcase name='a'/></testsuite>", "says 3 tests"),
        (b"<testsuite tests='1' failures='1'><testcase name='a'/></testsuite>", "1 failed"),
        (b"<testsuites tests='2'><testsuite tests='0'/></testsuites>", "says 2 tests"),
        (b"<testsuite tests='3' skipped='1'><testcase name='a'/></testsuite>", "says 3 tests"),
        (b"<testsuite failures='1' hostname='tbd'><testcase name='a'/></testsuite>", "1 failed"),
        (
            b"<testsuites><testsuite><testcase name='a'><rerunFailure/><rerunFailure/></testcase>"
            b"</testsuite><testsuite name='s' tests='2'/></testsuites>",
            "'s' says 2 tests",
        ),
        (
            b"<testsuites skipped='1'><testsuite><testcase name='a'><skipped/></testcase>"
            b"</testsuite><testsuite name='s' tests='1'/></testsuites>",
            "'s' says 1 tests",
        ),
    ],
)
def test_counts_that_are_not_true_are_a_problem(data, problem):
    assert problem in parse_junit(data).problems[0]


@pytest.mark.parametrize(
    "data",
    [
        b"<testsuites name='Mocha Tests' tests='3' failures='0' skipped='2'>"
        b"<testsuite name='s' tests='3' failures='0'><testcase name='a'/></testsuite></testsuites>",
        b"<testsuites><testsuite name='catch' errors='0' failures='3' tests='9' hostname='tbd'>"
        b"<testcase name='a'/><testcase name='b'><failure/></testcase></testsuite></testsuites>",
        b"<testsuites><testsuite name='doctest' errors='0' failures='0' tests='9'>"
        b"<testcase classname='a/b.cpp' name='a' status='run'/></testsuite></testsuites>",
    ],
    ids=["mocha", "catch2", "doctest"],
)
def test_tools_that_count_other_things_tell_no_lie(data):
    assert parse_junit(data).problems == []


def test_a_failure_of_a_suite_as_a_whole_is_an_error():
    data = b"<testsuite name='s'><error message='no database'/><testcase name='a'/></testsuite>"
    assert told(data) == {"s": ("error", 1), "s > a": ("passed", 1)}


WORDS = """<testsuites> </testsuites> <testsuite/> </testsuite> </testcase> <failure/> <error>
 </error> <skipped/> <!-- --> <![CDATA[ ]]> &lt; &#27; x <testsuite\ttests='9'>
 <testcase\tname='t'> <testcase\tname='u'\tstatus='failed'>"""
ELEMENTS = st.sampled_from([word.replace("\t", " ") for word in WORDS.replace("\n", "").split(" ")])


@given(st.one_of(st.binary(max_size=200), st.lists(ELEMENTS).map(lambda it: "".join(it).encode())))
def test_reading_never_raises_and_makes_up_no_pass(data):
    reading = parse_junit(data)
    passed = [case for case in reading.cases if case.outcome is Outcome.PASSED]
    assert len(passed) <= data.count(b"<testcase") - data.count(b"<testcase name='u'")
    assert reading.cases or reading.problems or b"<testcase" not in data


@given(st.integers(0, len(SUREFIRE)), st.binary(max_size=3))
def test_a_damaged_report_has_no_pass_that_the_whole_one_has_not(at, noise):
    good = {case.name for case in parse_junit(SUREFIRE).cases if case.outcome is Outcome.PASSED}
    reading = parse_junit(SUREFIRE[:at] + noise)
    assert {c.name for c in reading.cases if c.outcome is Outcome.PASSED} <= good
