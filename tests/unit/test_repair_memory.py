"""Past fixes are found again by their text; shares of candidates neither overlap nor leave out."""

import subprocess
import sys
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.past_fix import PastFixes
from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.fleet.shares import Given, Shared
from testfleet.repair.memory.hunks import edits_of, hunks_of
from testfleet.repair.memory.past import MemoryEngine, matching, remembered
from testfleet.repair.sources import apply_edits

OLD = "def f(x):\n    return x - 1\n\n\ndef g(x):\n    return x\n"
NEW = OLD.replace("x - 1", "x + 1")
FILES = {"a.py": (OLD.encode(), NEW.encode())}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEST = FailingTest("test_a.py::test_f", "test_a.py", "AssertionError", "assert 0 == 2")
LINES = st.lists(st.sampled_from([f"line {n}\n" for n in range(30)]), max_size=12, unique=True)


def fault(text, **values):
    return Fault((TEST,), (), {"a.py": text}, **values)


def learn():
    listener = MemoryEngine(())
    assert list(listener.candidates(fault(OLD))) == []
    what = (tuple(listener.fingerprints.values()), "rewrite", "operator")
    return remembered(PastFixes(), FILES, what, (NOW, "run"))


@given(LINES, LINES)
def test_a_remembered_change_is_made_again_wherever_its_text_stands(old, new):
    before, after = "".join(old), "".join(new)
    hunks = hunks_of({"a.py": (before.encode(), after.encode())})
    moved = "# a new line\n" + before + "# another\n"
    edits = edits_of(hunks, {"a.py": moved})
    if edits:
        assert apply_edits(moved, edits) == "# a new line\n" + after + "# another\n"


def test_a_failure_that_comes_back_is_offered_what_mended_it():
    past = learn()
    [candidate] = MemoryEngine(past.fixes).candidates(fault(f"import os\n{OLD}"))
    assert apply_edits(f"import os\n{OLD}", candidate.edits) == f"import os\n{NEW}"
    assert (candidate.engine, candidate.line) == ("memory", 2)


def test_another_failure_or_a_changed_place_is_offered_nothing():
    engine = MemoryEngine(learn().fixes)
    other = FailingTest("test_b.py::test_b", "test_b.py", "KeyError", "'k'")
    assert list(engine.candidates(Fault((other,), (), {"a.py": OLD}))) == []
    assert list(engine.candidates(fault(OLD.replace("x - 1", "x * 1")))) == []
    assert list(engine.candidates(fault(OLD + OLD))) == []
    assert list(engine.candidates(fault(OLD, test_files=frozenset({"a.py"})))) == []


def test_a_fix_that_is_proved_again_is_one_memory():
    past = learn()
    again = remembered(past, FILES, (("other",), "memory", "again: operator"), (NOW, "run"))
    [fix] = again.fixes
    assert (fix.times, fix.engine, fix.template) == (2, "rewrite", "operator")
    assert matching(again, ["other"]) == again.fixes
    assert matching(again, ["unknown"]) == ()


class Counted:
    name = "counted"

    def candidates(self, _fault):
        for line in range(1, 12):
            yield Candidate(
                engine="counted", template="t", edits=(), path="a.py", line=line, suspiciousness=1.0
            )


@given(st.integers(1, 16))
def test_shares_are_all_candidates_and_none_twice(count):
    shares = [Shared(Counted(), (k, count), lambda: False) for k in range(count)]
    lines = [each.line for share in shares for each in share.candidates(fault(OLD))]
    assert sorted(lines) == list(range(1, 12))


def test_a_share_ends_when_somebody_else_has_found_something():
    asked = iter([False, False, True])
    share = Shared(Counted(), (0, 2), lambda: next(asked))
    assert [each.line for each in share.candidates(fault(OLD))] == [1, 3]


def test_candidates_of_others_are_not_applied_to_a_text_that_has_changed():
    edits = edits_of(hunks_of(FILES), {"a.py": OLD})
    candidate = Candidate(
        engine="rewrite", template="t", edits=edits, path="a.py", line=2, suspiciousness=1.0
    )
    given_ones = Given([candidate])
    assert list(given_ones.candidates(fault(OLD))) == [candidate]
    assert list(given_ones.candidates(fault(NEW))) == []


WITHOUT = """
import sys

class Refuse:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("boto3", "botocore", "pathspec", "numpy", "typer", "rich"):
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import lambdas.worker.handler
import testfleet.repair.fleet.worker
"""


def test_the_repair_worker_needs_nothing_that_its_image_lacks():
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
