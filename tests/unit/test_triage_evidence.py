"""The lines of a log that are its failure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.failure_logs import make_log
from testfleet.triage.evidence import MAX_LINES, extract
from testfleet.triage.signs import Kind, kind_of
from testfleet.triage.text import clean, read_log
from tests.triage_samples import samples

QUIET = [f"Collecting package-{number}" for number in range(80)]
END = ["##[error]Process completed with exit code 1.", "Cleaning up orphan processes"]


def found_in(*lines):
    return [line.text for line in extract(read_log("\n".join(lines)))]


def share_found(sample, seed):
    """How much of a failure the evidence has, in a made log."""
    log = make_log(sample.text, seed)
    given_lines = {line.number for line in extract(read_log(log.text))}
    wanted = [n for n in range(log.first, log.last + 1) if log.text.split("\n")[n - 1].strip()]
    return sum(number in given_lines for number in wanted) / len(wanted)


def test_failures_are_found_in_logs_of_all_kinds():
    shares = [share_found(sample, 500 + at) for at, sample in enumerate(samples()[::3])]
    assert sum(share >= 0.5 for share in shares) / len(shares) >= 0.95


def test_a_short_text_is_its_own_evidence():
    text = ["Something odd", "  happened here", "and nobody knows"]
    assert found_in(*text) == text


def test_the_failure_is_told_from_set_up_and_passing_tests():
    failure = ["E       assert 3 == 4", "tests/test_cart.py:5: AssertionError"]
    passing = [f"tests/test_{n}.py::test_raises_type_error PASSED" for n in range(40)]
    found = found_in(*QUIET, *passing, *failure, *passing, *END)
    assert found == failure


def test_a_retry_that_went_well_is_not_the_failure():
    retried = ["curl: (56) Connection reset by peer", "Will retry in 2 seconds", "200 OK"]
    failure = "src/a.ts(1,1): error TS2322: Type 'x' is not assignable to type 'y'."
    found = found_in(*QUIET, failure, *QUIET, *retried, *QUIET, *END)
    assert failure in found
    assert retried[0] not in found


def test_a_warning_loses_against_an_error():
    warning = "npm warn ERESOLVE unable to resolve dependency tree"
    failure = "Error: listen EADDRINUSE: address already in use :::3000"
    assert warning not in found_in(failure, *QUIET, warning, *QUIET, *END)


def test_a_react_warning_is_the_failure_where_nothing_else_is():
    failure = 'Warning: Each child in a list should have a unique "key" prop.'
    assert failure in found_in(*QUIET, failure, *QUIET, *END)


def test_what_follows_from_a_failure_is_not_the_failure():
    failure = "ModuleNotFoundError: No module named 'yaml'"
    found = found_in(*QUIET, failure, *QUIET, "npm ERR! code ELIFECYCLE", "npm ERR! errno 1", *END)
    assert failure in found


def test_an_error_that_a_passing_test_prints_is_not_the_failure():
    printed = ["stderr | a.test.ts > fails", "Error: connect ECONNREFUSED 127.0.0.1:1", "✓ fails"]
    failure = ["FAIL b.test.ts > adds", "AssertionError: expected 3 to be 4"]
    found = found_in(*QUIET, *printed, *QUIET, *failure, *QUIET, *END)
    assert failure[1] in found
    assert printed[1] not in found


def test_a_stack_belongs_to_its_error():
    stack = [f"    at step{number} (src/app.js:{number}:1)" for number in range(15)]
    found = found_in(*QUIET, "TypeError: x is not a function", *stack, *QUIET, *END)
    assert found[-16:] == ["TypeError: x is not a function", *stack] or stack[-1] in found


def test_evidence_is_bounded():
    errors = [f"src/a{number}.ts(1,1): error TS2322: no" for number in range(500)]
    assert len(found_in(*QUIET, *errors, *END)) == MAX_LINES


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*QUIET[:3], *END, "Error: no", "ok 3", "", "\x1b[31m✕ x\x1b[0m"])))
def test_evidence_is_lines_of_the_log_in_order(lines):
    text = "\n".join(lines)
    found = extract(read_log(text))
    assert [line.number for line in found] == sorted({line.number for line in found})
    assert all(clean(text)[line.number - 1] == line.text for line in found)


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text):
    extract(read_log(text))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("✓ shows an error (3 ms)", Kind.PASSED),
        ("tests/test_a.py::test_x PASSED   [ 10%]", Kind.PASSED),
        ("ok  \texample.org/app\t0.3s", Kind.PASSED),
        ("--- PASS: TestX (0.00s)", Kind.PASSED),
        ("Error: Process completed with exit code 1.", Kind.CONSEQUENCE),
        ("npm ERR! code ELIFECYCLE", Kind.CONSEQUENCE),
        ("make: *** [Makefile:3: test] Error 1", Kind.CONSEQUENCE),
        ("Tests:       1 failed, 12 passed, 13 total", Kind.CONSEQUENCE),
        ("The process failed with exit code 137", Kind.HARD),
        ("connection refused, retrying in 1s", Kind.RECOVERED),
        ("Timed out retrying after 4000ms: no", None),
        ("npm warn deprecated glob@7", Kind.BENIGN),
        ("W: some index files failed", Kind.WARNING),
        ("ValueError: bad", Kind.HARD),
        ("panic: boom [recovered]", Kind.HARD),
        ("Downloading left-pad", None),
    ],
)
def test_what_one_line_is(line, kind):
    assert kind_of(line) is kind
