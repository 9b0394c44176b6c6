"""From failing tests to a patch, on small projects, with engines that propose what a test says."""

import os
import sys

import pytest

from testfleet.contracts.repair import Candidate, FixStatus, TextEdit
from testfleet.errors import UsageError
from testfleet.repair.fix import FixJob, fix
from testfleet.repair.inside.tree import FEW_FILES
from testfleet.repair.project import Project
from testfleet.repair.validate.server import ForkServer

CALC = "def add(a, b):\n    return a - b\n\n\ndef twice(a):\n    return a + a + a\n"
TEST_ADD = "from calc import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
TEST_BOTH = (
    "from calc import add, twice\n\n\ndef test_add():\n    assert add(2, 3) == 5\n\n\n"
    "def test_twice():\n    assert twice(4) == 8\n    assert twice(1) == 2\n"
)


class Scripted:
    """An engine that proposes exchanges of texts in one file."""

    name = "scripted"

    def __init__(self, *exchanges, path="calc.py"):
        self.exchanges = exchanges
        self.path = path

    def candidates(self, fault):
        text = fault.sources.get(self.path, "")
        for old, new in self.exchanges:
            if old in text:
                yield self._candidate(text.index(old), old, new)

    def _candidate(self, at, old, new):
        edit = TextEdit(path=self.path, start=at, end=at + len(old), text=new)
        return Candidate(
            engine=self.name,
            template=new[:40],
            edits=(edit,),
            path=self.path,
            line=1,
            suspiciousness=1.0,
        )


def project_in(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return Project(root=folder, files=found, python=sys.executable, env=dict(os.environ))


def repair(project, *exchanges, path="calc.py", **options):
    return fix(FixJob(project, [Scripted(*exchanges, path=path)], budget_s=60.0, **options))


def test_a_patch_that_turns_the_test_green_is_found_and_the_tree_is_left_alone(tmp_path):
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_ADD)
    result = repair(project, ("a - b", "a * b"), ("a - b", "a + b"))
    assert result.report.status is FixStatus.FIXED
    assert "-    return a - b\n+    return a + b\n" in result.report.patch
    assert result.report.tests == ("test_calc.py::test_add",)
    assert (tmp_path / "calc.py").read_text() == CALC


def test_candidates_for_a_link_change_nothing_in_the_tree(tmp_path):
    project_in(tmp_path, real_py=CALC)
    (tmp_path / "calc.py").symlink_to(tmp_path / "real.py")
    project = project_in(tmp_path, test_calc_py=TEST_ADD)
    wrong = [("a - b", f"a * b * {number}") for number in range(3)]
    result = repair(project, *wrong, ("a - b", "a + b"))
    assert result.report.candidates.tried > 1
    assert (tmp_path / "calc.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == CALC


def test_a_test_that_speaks_of_permission_lets_no_candidate_write_elsewhere(tmp_path, monkeypatch):
    # Whether the kernel can confine is not what this is about.
    modes = []
    monkeypatch.setattr(ForkServer, "free", lambda _: modes.append("free"))
    monkeypatch.setattr(ForkServer, "confine", lambda _: modes.append("confined"))
    test = TEST_ADD.replace("assert add(2, 3) == 5", "if add(2, 3) != 5:\n        raise ")
    project = project_in(
        tmp_path, calc_py=CALC, test_calc_py=f"{test.rstrip()} PermissionError('no permission')\n"
    )
    assert repair(project, ("a - b", "a + b")).report.status is FixStatus.FIXED
    assert modes == ["free", "confined"]


def test_what_one_candidate_wrote_into_a_large_tree_makes_no_other_one_right(tmp_path):
    test = TEST_ADD.replace("== 5", "== int(open('data').read())")
    many = {f"x__{number}": "" for number in range(FEW_FILES)}
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=test, data="5", **many)
    bad = [("return a - b", f"open('data', 'r+').write('6'); return {n}") for n in range(4)]
    helped = ("return a - b", "open('data', 'r').read(1); return 6")
    report = repair(project, *bad[:2], helped, *bad[2:]).report
    assert report.candidates.plausible == 1
    assert report.status is FixStatus.NOT_FIXED


def test_candidates_that_hang_exit_fork_and_delete_do_no_harm(tmp_path):
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_ADD, data="kept")
    result = repair(
        project,
        ("return a - b", "while True: pass"),
        ("return a - b", "while True: print('x' * 999)"),
        ("return a - b", "import os; os._exit(0)"),
        ("return a - b", "import shutil, os; shutil.rmtree(os.getcwd())"),
        ("return a - b", "x = []\n    while True: x.append(' ' * 10**7)"),
        ("return a - b", "import os; os.setsid() if os.fork() else [0 for _ in iter(int, 1)]"),
        ("return a - b", "import signal; signal.signal(14, lambda *_: None); return 6"),
        ("return a - b", "try:\n        while True: pass\n    except BaseException: return 5"),
        ("a - b", "a + b"),
    )
    assert result.report.status is FixStatus.FIXED
    assert "+    return a + b\n" in result.report.patch
    assert (tmp_path / "data").read_text() == "kept"


def test_two_faults_are_repaired_one_after_the_other(tmp_path):
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_BOTH)
    result = repair(project, ("a - b", "a + b"), ("a + a + a", "a + a"))
    assert result.report.status is FixStatus.FIXED
    assert "+    return a + b\n" in result.report.patch
    assert "+    return a + a\n" in result.report.patch


def test_a_patch_that_breaks_another_test_is_refused(tmp_path):
    more = TEST_ADD + "\n\ndef test_zero():\n    assert add(0, 0) == 0\n"
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=more)
    report = repair(project, ("a - b", "5")).report
    assert report.status is FixStatus.NOT_FIXED
    assert "test_zero" in report.reason


def test_a_special_case_for_the_test_is_no_fix(tmp_path):
    special = "17 if a == 'ham' else a - b"
    tests = "from calc import add\n\n\ndef test_add():\n    assert add('ham', 3) == 17\n"
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=tests)
    report = repair(project, ("a - b", special)).report
    assert report.status is FixStatus.SUGGESTED
    assert "literal of the tests" in report.reason


def test_patches_that_differ_beyond_the_tests_are_suggestions(tmp_path):
    tests = "from calc import add\n\n\ndef test_add():\n    assert add(2, 2) == 4\n"
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=tests)
    report = repair(project, ("a - b", "a + b"), ("a - b", "a * b")).report
    assert report.status is FixStatus.SUGGESTED
    assert len(report.suggestions) == 2
    assert "behave differently" in report.reason


def test_a_flaky_test_is_refused_with_the_reason(tmp_path):
    tests = (
        "import pathlib\n\n\ndef test_flaky():\n    mark = pathlib.Path('mark')\n"
        "    was = mark.exists()\n    mark.touch()\n    assert was\n"
    )
    tests = tests.replace("'mark'", repr(str(tmp_path / "mark")))
    report = repair(project_in(tmp_path, test_calc_py=tests, calc_py=CALC)).report
    assert report.status is FixStatus.NOT_FIXED
    assert "flaky" in report.reason


def test_a_test_that_no_own_code_is_part_of_cannot_be_repaired(tmp_path):
    tests = "def test_never():\n    assert [1] == [2]\n"
    report = repair(project_in(tmp_path, test_calc_py=tests)).report
    assert report.status is FixStatus.NOT_FIXED
    assert "none of the project's own code" in report.reason


def test_a_module_that_does_not_parse_is_repaired(tmp_path):
    broken = CALC.replace("add(a, b):", "add(a, b)")
    project = project_in(tmp_path, calc_py=broken.replace("a - b", "a + b"), test_calc_py=TEST_ADD)
    result = repair(project, ("add(a, b)", "add(a, b):"))
    assert result.report.status is FixStatus.FIXED
    assert result.report.localisation[0].line == 1


@pytest.mark.parametrize(
    ("head", "words"),
    [("# @generated by a tool\n", "is generated"), ("# DO NOT EDIT\n", "is generated")],
)
def test_generated_code_is_not_edited(tmp_path, head, words):
    code = head + CALC.replace("return a - b", "raise ValueError(a)")
    report = repair(project_in(tmp_path, calc_py=code, test_calc_py=TEST_ADD)).report
    assert report.status is FixStatus.NOT_FIXED
    assert words in report.reason


def test_line_ends_and_encoding_stay(tmp_path):
    code = "# -*- coding: latin-1 -*-\r\n# \u00e9\r\ndef add(a, b):\r\n\treturn a - b\r\n"
    project = project_in(tmp_path, calc_py=code.encode("latin-1"), test_calc_py=TEST_ADD)
    result = repair(project, ("a - b", "a + b"))
    assert result.files["calc.py"][1] == code.replace("a - b", "a + b").encode("latin-1")
    assert "+\treturn a + b\r\n" in result.report.patch


def test_a_package_below_src_is_found_by_its_conftest(tmp_path):
    conftest = "import sys, pathlib\n"
    conftest += "sys.path.insert(0, str(pathlib.Path(__file__).parent / '..' / 'src'))\n"
    tests = TEST_ADD.replace("from calc", "from pkg.calc")
    files = {
        "src__pkg__calc_py": CALC,
        "tests__conftest_py": conftest,
        "tests__test_calc_py": tests,
    }
    project = project_in(tmp_path, **files)
    result = repair(project, ("a - b", "a + b"), path="src/pkg/calc.py")
    assert result.report.files == ("src/pkg/calc.py",)


def test_tests_beside_the_program_s_folder_run_as_python_m_pytest_would(tmp_path):
    tests = "import json, pathlib\n" + TEST_ADD
    project = project_in(tmp_path, calc_py=CALC, tests__test_calc_py=tests)
    assert repair(project, ("a - b", "a + b")).report.status is FixStatus.FIXED


def test_a_docstring_s_examples_are_tests(tmp_path):
    code = 'def add(a, b):\n    """\n    >>> add(2, 3)\n    5\n    """\n    return a - b\n'
    project = project_in(tmp_path, calc_py=code)
    project = Project(**{**vars(project), "args": ("--doctest-modules",)})
    result = repair(project, ("a - b", "a + b"))
    assert result.report.status is FixStatus.FIXED


def test_a_green_suite_needs_no_repair(tmp_path):
    project = project_in(tmp_path, calc_py=CALC.replace("a - b", "a + b"), test_calc_py=TEST_ADD)
    assert repair(project).report.status is FixStatus.NOTHING_FAILED


def test_an_unknown_test_is_an_error_that_says_so(tmp_path):
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_ADD)
    with pytest.raises(UsageError, match=r"no test .*subtract"):
        repair(project, tests=["test_calc.py::test_subtract"])


def test_a_hanging_test_is_found_out_and_repaired(tmp_path):
    code = "def count(n):\n    at = 0\n    while at != n:\n        at += 2\n    return at\n"
    tests = "from calc import count\n\n\ndef test_even():\n    assert count(4) == 4\n"
    tests += "\n\ndef test_odd():\n    assert count(3) == 3\n"
    project = project_in(tmp_path, calc_py=code, test_calc_py=tests)
    result = repair(project, ("at += 2", "at += 3"), ("at += 2", "at += 1"))
    assert "+        at += 1\n" in result.report.patch
    assert any("hung" in reason for line in result.report.localisation for reason in line.reasons)


def test_an_engine_that_fails_leaves_the_others_their_say(tmp_path):
    class Broken(Scripted):
        name = "broken"

        def candidates(self, fault):
            raise RuntimeError("no luck")
            yield

    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_ADD)
    engines = [Broken(), Scripted(("a - b", "a + b"))]
    assert fix(FixJob(project, engines, budget_s=60.0)).report.status is FixStatus.FIXED


def test_a_test_that_is_only_slow_does_not_fail(tmp_path):
    slow = "import time\n\n\ndef test_slow():\n    end = time.process_time() + 1.4\n"
    slow += "    while time.process_time() < end:\n        pass\n"
    project = project_in(tmp_path, calc_py=CALC, test_calc_py=TEST_ADD, test_slow_py=slow)
    result = repair(project, ("a - b", "a + b"))
    assert result.report.status is FixStatus.FIXED
    assert result.report.tests == ("test_calc.py::test_add",)


def test_a_candidate_cannot_delete_what_is_outside_its_copy(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "tree").mkdir()
    project = project_in(tmp_path / "tree", calc_py=CALC, test_calc_py=TEST_ADD)
    remove = f"import os; os.remove({str(precious)!r})"
    write = f"open({str(precious)!r}, 'w').write('lost')"
    result = repair(project, ("return a - b", remove), ("return a - b", write), ("a - b", "a + b"))
    assert result.report.status is FixStatus.FIXED
    if sys.platform == "linux":
        assert precious.read_text() == "kept"


def test_tests_that_write_elsewhere_still_run(tmp_path):
    tests = TEST_ADD + "\n\ndef test_write():\n    open(PATH, 'w').write('x')\n"
    tests = tests.replace("PATH", repr(str(tmp_path / "outside")))
    (tmp_path / "tree").mkdir()
    project = project_in(tmp_path / "tree", calc_py=CALC, test_calc_py=tests)
    result = repair(project, ("a - b", "a + b"))
    assert result.report.tests == ("test_calc.py::test_add",)
    assert result.report.status is FixStatus.FIXED
    assert "could write outside the private copy" in result.report.reason


def test_a_conftest_that_imports_the_program_and_asks_for_an_option_is_served(tmp_path):
    conftest = "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
    conftest += "import calc\n\n\ndef pytest_addoption(parser):\n    parser.addoption('--deep')\n"
    tests = "import unittest\nimport calc\n\n\nclass TestAdd(unittest.TestCase):\n"
    tests += "    def test_add(self):\n        self.assertEqual(calc.add(2, 3), 5)\n"
    project = project_in(tmp_path, calc_py=CALC, conftest_py=conftest, test_calc_py=tests)
    project = Project(**{**vars(project), "args": ("--deep", "yes")})
    result = repair(project, ("a - b", "a * b"), ("a - b", "a + b"))
    assert result.report.status is FixStatus.FIXED
    assert result.report.tests == ("test_calc.py::TestAdd::test_add",)
