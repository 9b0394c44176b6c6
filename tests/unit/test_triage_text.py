"""Lines of logs without what CI adds to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.triage.text import MAX_LINE, WHOLE_BELOW, clean, decode, read_log

STAMPED = [
    "2024-01-02T03:04:05.6789012Z Error: no",
    "2024-01-02T03:04:05Z Error: no",
    "2024-01-02T03:04:05.678901Z 01O Error: no",
    "2024-01-02T03:04:05.678901Z 00E Error: no",
    "2024-01-02 03:04:05,678 Error: no",
    "2024/01/02 03:04:05 Error: no",
    "[2024-01-02T03:04:05.678Z] Error: no",
    "[03:04:05] Error: no",
    "03:04:05.678 Error: no",
    "test\tRun npm test\t2024-01-02T03:04:05.6789012Z Error: no",
    "##[error]no",
    "2024-01-02T03:04:05.6789012Z ##[error]no",
    "::error file=src/a.ts,line=3,col=5::no",
    "\x1b[31mError:\x1b[0m no",
    "\x1b[1;31;40mError:\x1b[39;49m no",
    "\x1b]8;;http://example.com\x07Error:\x1b]8;;\x07 no",
    "[31mError:[39m no",
    "web-1  | Error: no",
    "web_1 | 03:04:05.678 Error: no",
    "#12 34.56 Error: no",
    "web:test: Error: no",
    "packages/web test: Error: no",
    "section_start:1700000000:build\r\x1b[0KError: no",
    "10%\r50%\rError: no",
    "Error: no\r",
    "Error: no   ",
]


@pytest.mark.parametrize("line", STAMPED)
def test_what_ci_adds_to_a_line_is_taken_off(line):
    assert clean(line) == ["Error: no"]


@pytest.mark.parametrize(
    "line",
    [
        "    at total (src/cart.js:8:20)",
        "E       assert 3 == 4",
        "> 12 |   return x",
        "  12 | const a = [1, 2]",
        "FAIL  |web| src/a.test.ts",
        "stderr | src/a.test.ts > survives",
        "- Expected",
        "\tat com.example.CartTest.total(CartTest.java:21)",
        "src/app.ts:12:5 - error TS2322: no",
        "[12m30s] total",
    ],
)
def test_what_the_tool_itself_prints_stays(line):
    assert clean(line) == [line]


@pytest.mark.parametrize("stamp", ["2024-01-02T03:04:05.6Z ", "2024-01-02T03:04:05.6Z 01O "])
def test_the_indent_of_a_line_stays_after_its_time(stamp):
    assert clean(stamp + "    at total (src/cart.js:8:20)") == ["    at total (src/cart.js:8:20)"]


@given(st.text())
def test_each_line_of_any_text_gives_one_line(text):
    assert len(clean(text)) == text.count("\n") + 1


@given(st.binary())
def test_any_bytes_can_be_read(data):
    log = read_log(data)
    assert len(log.lines) == len(log.numbers)
    assert all(1 <= number <= log.total for number in log.numbers)


def test_utf_16_is_read_by_its_mark():
    assert decode("Fehler: ä".encode("utf-16")) == "Fehler: ä"


def test_a_line_that_is_too_long_keeps_both_ends():
    line = clean("head" + "x" * 100_000 + "tail")[0]
    assert len(line) <= MAX_LINE
    assert line.startswith("head")
    assert line.endswith("tail")


@pytest.fixture(scope="module")
def huge():
    lines = [f"line {number} of a build that goes on and on" for number in range(1, 120_001)]
    lines[60_000] = "TypeError: here in the middle"
    return "\n".join(lines)


def test_of_a_huge_log_the_ends_and_the_signals_are_kept(huge):
    assert len(huge) > WHOLE_BELOW
    log = read_log(huge)
    assert len(log.lines) < 20_000
    assert "TypeError: here in the middle" in log.lines
    assert (log.lines[0], log.lines[-1]) == (huge.split("\n")[0], huge.split("\n")[-1])


def test_lines_of_a_huge_log_keep_their_numbers(huge):
    lines = huge.split("\n")
    log = read_log(huge)
    assert log.total == len(lines)
    assert list(log.numbers) == sorted(set(log.numbers))
    for number, line in zip(log.numbers, log.lines, strict=True):
        assert lines[number - 1] == line


def test_a_huge_log_on_one_line_is_read():
    log = read_log("x" * (WHOLE_BELOW * 2))
    assert log.lines
    assert max(map(len, log.lines)) <= MAX_LINE
