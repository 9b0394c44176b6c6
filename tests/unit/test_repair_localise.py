"""Lines are ranked by who executes them, by tracebacks, hangs and changes."""

from math import sqrt

import pytest

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.repair.engine import Frame
from testfleet.repair.localise.functions import function_at, functions_of
from testfleet.repair.localise.rank import Evidence, rank_lines
from testfleet.repair.localise.spectrum import dstar, ochiai, spectrum_of
from testfleet.repair.validate.messages import TestRun

SOURCE = (
    "class A:\n    def f(self):\n        def g():\n            return 1\n        return g\n\n\n"
    "x = 1\n"
)


def run(name, *lines, outcome="failed", **details):
    return TestRun(name, outcome, lines={"a.py": lines}, **details)


def ranked(failing, passing=(), **more):
    evidence = Evidence(failing, passing, imported={}, sources={"a.py": SOURCE}, **more)
    return rank_lines(evidence)


def test_ochiai_and_dstar_are_as_their_authors_define_them():
    spectrum = spectrum_of([{"a.py": [1, 2]}, {"a.py": [1]}], [{"a.py": [1, 9]}, {"a.py": [2]}])
    assert ochiai(spectrum, ("a.py", 1)) == pytest.approx(2 / sqrt(2 * 3))
    assert dstar(spectrum, ("a.py", 1)) == pytest.approx(4.0)
    assert ochiai(spectrum, ("a.py", 2)) == pytest.approx(1 / sqrt(2 * 2))
    assert dstar(spectrum, ("a.py", 2)) == pytest.approx(1 / 2)
    assert ("a.py", 9) not in spectrum.counts


def test_what_only_failing_tests_execute_comes_first():
    lines = ranked([run("f", 4, 5)], [run("p", 5, outcome="passed")])
    assert [line.line for line in lines] == [4, 5]
    assert "1 of 1 failing tests and 0 of 1 passing" in lines[0].reasons[0]


def test_a_line_of_all_failing_tests_comes_before_one_of_some_of_them():
    passing = [run(f"p{at}", 4, outcome="passed") for at in range(3)]
    lines = ranked([run("f", 4, 5), run("g", 4)], passing)
    assert lines[0].line == 4


def test_the_frame_that_raised_is_more_suspicious_than_its_callers():
    frames = (Frame("a.py", 5, "f"), Frame("a.py", 4, "g"))
    lines = ranked([run("f", 2, 4, 5, exception="KeyError", frames=frames)])
    assert [line.line for line in lines] == [4, 5, 2]
    assert "KeyError passed through it" in lines[0].reasons


def test_where_a_test_hung_and_what_the_commit_touched_count():
    change = FileChange(path="a.py", status=FileStatus.MODIFIED, lines=((5, 5),))
    hung = run("f", 2, 4, 5, outcome="timeout", hung=(Frame("a.py", 4, "g"),))
    lines = ranked([hung], changes=[change])
    assert {line.line for line in lines[:2]} == {4, 5}
    assert {reason for line in lines for reason in line.reasons} >= {
        "a test hung here",
        "the change under test touched it",
    }


def test_lines_of_files_that_may_not_be_edited_are_left_out():
    other = TestRun("f", "failed", lines={"vendor/b.py": [1], "a.py": [2]})
    assert [line.path for line in ranked([other])] == ["a.py"]


def test_a_line_s_function_has_its_qualified_name():
    functions = functions_of(SOURCE)
    assert [function_at(functions, line) for line in (4, 5, 8)] == ["A.f.g", "A.f", ""]
    assert functions_of("def f(:\n") == []
