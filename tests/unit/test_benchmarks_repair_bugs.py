import pytest

from benchmarks.repair_bugs.extract import NotSelfContainedError, extract
from benchmarks.repair_bugs.faults import KINDS, faults
from benchmarks.repair_bugs.layouts import Case
from benchmarks.repair_bugs.layouts import Test as Called
from benchmarks.repair_bugs.sift import plausible

PROGRAM = """def total(items, start=0):
    if not items:
        return start
    best = start
    for item in items[1:]:
        if item > 0 and item < 9:
            best += item
        else:
            best -= 1
    return best + len(items) - 1
"""


def test_each_fault_is_another_program():
    found = faults(PROGRAM)
    assert len({fault.text for fault in found} | {PROGRAM}) == len(found) + 1
    assert {fault.kind for fault in found} <= set(KINDS)


@pytest.mark.parametrize(
    ("kind", "line"),
    [("missing-guard", "    best = start"), ("off-by-one", "    return best + len(items)"),
     ("missing-condition", "        if item > 0:"), ("wrong-slice", "    for item in items[:]:"),
     ("missing-statement", "            pass"), ("wrong-assignment", "            best = item")],
)  # fmt: skip
def test_kinds_of_faults_write_what_their_names_say(kind, line):
    assert any(line in fault.text.splitlines() for fault in faults(PROGRAM) if fault.kind == kind)


def test_a_program_takes_along_what_it_needs_of_its_package(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").write_text(
        "from .b import LIMIT\nimport math\nimport os\n\n\n"
        "def f(x):\n    return math.floor(x) + LIMIT\n"
    )
    (tmp_path / "pkg" / "b.py").write_text(
        "LIMIT = 3\nOTHER = 4\nimport numpy\n\n\ndef g():\n    return numpy.pi\n"
    )
    text = extract(tmp_path, "pkg/a.py", ["f"])
    scope = {}
    exec(text, scope)
    assert scope["f"](2.5) == 5
    assert "os" not in text
    with pytest.raises(NotSelfContainedError):
        extract(tmp_path, "pkg/b.py", ["g"])


def test_programs_that_loop_are_left_behind_and_right_ones_found():
    test = Called("total", ("total",), "f(*a)")
    loops = "def total(items):\n    while True:\n        pass\n"
    wrong = PROGRAM.replace("- 1\n", "- 2\n")
    cases = [Case("([1, 2],)", "3"), Case("([],)", "0"), Case("(3,)", "!TypeError")]
    assert plausible(test.harness, [loops, PROGRAM, wrong, loops, PROGRAM], cases) == [1, 4]


def test_floats_may_differ_in_the_last_digits():
    assert not Case("()", "[0.3, 1]").differs("[0.30000000000000004, 1]")
    assert Case("()", "[0.3]").differs("[0.31]")
