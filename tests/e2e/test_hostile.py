"""Tests that do the worst, through the command: it says what happened and loses nothing else.

`tests/integration/test_worker_hostile.py` has each kind by itself; here they meet in one project,
but for those that would do it to each other: a forked copy of pytest runs what kills its parent.
"""

import shutil
from pathlib import Path

import pytest
from junitparser import JUnitXml

from testfleet.config import ROOT
from tests.e2e.command import write

HOSTILE = ROOT / "examples" / "hostile"
KINDS = (
    "daemons", "fills_memory", "fork_hangs", "hangs", "innocent", "kills_itself",
    "kills_parent", "locked_folder", "long_id", "not_utf8", "os_exit", "prints_much",
    "syntax_error", "sys_exit",
)  # fmt: skip
SETTINGS = {
    "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
    "testfleet.toml": (
        "[suites.default]\nmemory_mb = 400\ntest_timeout_s = 4\nenv = { HOSTILE_MB = '70' }\n"
    ),
    "sparse/test_huge.py": (
        "def test_huge(tmp_path):\n"
        "    with (tmp_path / 'huge').open('wb') as file:\n        file.truncate(10 * 2**30)\n"
        "def test_after(): pass\n"
    ),
    "exits/test_import.py": "import sys\nsys.exit(3)\n",
    "raises/conftest.py": "raise RuntimeError('no database here')\n",
    "raises/test_raises.py": "def test_a(): pass\n",
}
FAILED = {
    "test_fills_the_memory": "the process used more than 400 MB of memory while this test ran",
    "test_huge": "OSError: [Errno 27] File too large",
    "test_hangs": "the process did not finish within 4 s while this test ran",
    "test_exits_with_three": "the process ended with os._exit(3) while this test ran",
    "test_exits_with_zero": "the process ended with os._exit(0) while this test ran",
    "test_exits": "SystemExit: 7",
    "test_always_kills_itself": "the process was killed by SIGKILL while this test ran",
    "test_fails_with_a_surrogate": r"ValueError: lone \udcff surrogate",
}
ERRORS = {
    "exits/test_import.py": "SystemExit",
    "raises": "RuntimeError: no database here",
    "syntax_error/test_broken.py": "SyntaxError: invalid syntax",
}


@pytest.fixture(scope="module")
def zoo(cli, tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / "zoo"
    for kind in KINDS:
        shutil.copytree(HOSTILE / kind, root / kind, ignore=shutil.ignore_patterns("__pycache__"))
    write(root, SETTINGS)
    before = sleepers()
    done = cli.run(root, "--junit", root.parent / "zoo.xml")
    assert sleepers() <= before
    return done, root.parent / "zoo.xml"


def sleepers():
    """What the daemons of the hostile tests do for an hour if they are let."""
    return {path for path in Path("/proc").glob("[0-9]*/cmdline") if is_sleeper(path)}


def is_sleeper(cmdline):
    try:
        return cmdline.read_bytes() == b"sleep\x003600\x00"
    except OSError:
        return False


def of_kind(done, outcome):
    return {
        test["id"]: test["message"] for test in done.report["tests"] if test["outcome"] == outcome
    }


def test_each_misdeed_is_named_and_the_run_has_failed(zoo):
    done, _ = zoo
    failed = {test.rpartition("::")[2]: said for test, said in of_kind(done, "failed").items()}
    long = next(name for name in failed if name.startswith("test_parameter[yyy"))
    assert failed.pop(long) == "assert 2 == 1"
    assert failed == FAILED
    assert done.code == 1


def test_files_that_cannot_be_imported_are_errors(zoo):
    errors = of_kind(zoo[0], "error")
    assert errors.keys() == ERRORS.keys()
    assert [test for test, said in ERRORS.items() if said not in errors[test]] == []


def test_no_other_result_is_lost(zoo):
    done, _ = zoo
    assert {test.rpartition("::")[2] for test in of_kind(done, "flaky")} == {
        "test_kills_itself_once"
    }
    assert of_kind(done, "lost") == of_kind(done, "skipped") == {}
    assert done.report["errors"] == []
    passed = of_kind(done, "passed")
    assert len(passed) == 30
    after = {test.split("/")[0] for test in passed if test.endswith("::test_after")}
    assert after >= {"fills_memory", "hangs", "kills_itself", "kills_parent", "os_exit", "sparse"}


def test_output_that_was_cut_is_noted(zoo):
    assert "note: the output was cut to 64 MB: its middle is missing" in zoo[0].out


def test_an_id_of_100_kb_floods_neither_screen_nor_junit_file(zoo):
    done, junit = zoo
    assert max(map(len, done.said.splitlines())) < 300
    assert len(done.said) < 20_000
    assert sum(len(test["id"]) > 100_000 for test in done.report["tests"]) == 2
    assert junit.stat().st_size < 1_000_000


def test_the_junit_file_can_be_read_and_counts_alike(zoo):
    done, junit = zoo
    loaded = JUnitXml.fromfile(str(junit))
    totals = done.report["totals"]
    assert (loaded.tests, loaded.failures) == (len(done.report["tests"]), totals["failed"])
    assert (loaded.errors, loaded.skipped) == (totals["error"], 0)


def test_the_logs_can_be_read_all_the_same(cli, zoo):
    done = cli("logs", zoo[0].report["run_id"])
    assert done.code == 0
    assert "bytes cut" in done.out
    assert "short test summary info" in done.out


def test_a_conftest_that_raises_is_told_for_each_file(cli, tmp_path):
    tests = {f"test_{name}.py": "def test_it(): pass\n" for name in "ab"}
    done = cli.run(write(tmp_path / "p", {"conftest.py": "raise OSError('no database')", **tests}))
    assert done.code == 1
    assert done.outcomes == {"test_a.py": "error", "test_b.py": "error"}
    assert all("OSError: no database" in message for message in done.messages().values())
