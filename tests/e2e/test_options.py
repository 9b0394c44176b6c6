"""Exit codes and options of `testfleet run`, each by a project that deserves it."""

import time

import pytest

from tests.e2e.command import write

PASS = "def test_passes(): pass\n"
SUITES = """
[suites.unit]
args = ["-m", "not live"]
env = { WORLD = "small" }

[suites.unit.modes.lightweight]
args = ["-k", "small"]

[suites.unit.modes.integration]
env = { WORLD = "large" }

[suites.api]
root = "api"
"""
WORLDS = {
    "testfleet.toml": SUITES,
    "pytest.ini": "[pytest]\nmarkers = live: talks to others\n",
    "test_world.py": (
        "import os, pytest\n"
        "def test_small(): assert os.environ['WORLD'] == 'small'\n"
        "def test_large(): assert os.environ['WORLD'] == 'large'\n"
        "@pytest.mark.live\ndef test_live(): pass\n"
    ),
    "api/test_api.py": PASS,
}


@pytest.fixture
def project(tmp_path):
    return lambda files: write(tmp_path / "project", files)


def test_0_when_all_pass_and_the_path_is_the_working_folder(cli, project, tmp_path):
    root = project({f"test_{name}.py": PASS for name in "abcde"})
    done = cli("run", "--shards", "3", "--report", tmp_path / "r.json", cwd=root)
    assert done.code == 0
    assert "5 files in 3 shards on 2 workers" in done.err
    assert "✓ 5" in done.out
    assert f"wrote {tmp_path / 'r.json'}" in done.out


def test_a_mode_adds_to_its_suite(cli, project):
    root = project(WORLDS)
    light = cli.run(root, "--suite", "unit", "--mode", "lightweight")
    large = cli.run(root, "--suite", "unit", "--mode", "integration")
    assert (light.code, light.outcomes) == (0, {"test_world.py::test_small": "passed"})
    assert large.outcomes == {
        "test_world.py::test_small": "failed",
        "test_world.py::test_large": "passed",
        "api/test_api.py::test_passes": "passed",
    }
    assert (large.code, large.report["suite"], large.report["mode"]) == (1, "unit", "integration")


def test_several_suites_and_no_default_ask_for_a_choice(cli, project):
    done = cli("run", project(WORLDS))
    assert done.code == 2
    assert "2 suites: api, unit" in done.err
    assert "--suite" in done.err


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (("-k", "small or passes"), {"api/test_api.py::test_passes", "test_world.py::test_small"}),
        (("test_world.py::test_large",), {"test_world.py::test_large"}),
        (("-k", "nothing_of_the_kind"), set()),
    ],
)
def test_the_frameworks_own_arguments_choose(cli, project, args, found):
    done = cli.run(project({k: v for k, v in WORLDS.items() if k != "testfleet.toml"}), args=args)
    assert set(done.outcomes) == found
    assert done.code == (1 if found else 5)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--no-such-option",), "unrecognized arguments: --no-such-option"),
        (("test_a.py::test_gone",), "not found: test_a.py::test_gone"),
    ],
)
def test_2_when_the_framework_refuses_its_arguments(cli, project, args, words):
    done = cli.run(project({"test_a.py": PASS, "test_b.py": PASS}), args=args)
    assert done.code == 2
    assert words in done.err
    assert done.report["status"] == "rejected"
    assert done.report["tests"] == []
    assert done.err.count("error: ") == 1


def test_2_when_an_ini_file_is_broken(cli, project):
    done = cli.run(project({"pytest.ini": "[pytest]\n[pytest]\n", "test_a.py": PASS}))
    assert done.code == 2
    assert "pytest.ini:2" in done.err


KILLER = """
import os
def above(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
def test_kills_its_worker():
    pid = os.getpid()
    while pid > 1:
        pid = above(pid)
        with open(f"/proc/{pid}/cmdline") as file:
            if "_worker.py" in file.read():
                os.kill(pid, 9)
"""


def test_3_when_a_file_ends_every_worker_that_runs_it_and_the_others_are_told_all_the_same(
    cli, project
):
    done = cli.run(project({"test_kills.py": KILLER, "test_a.py": PASS, "test_b.py": PASS}))
    assert done.code == 3
    assert done.outcomes == {
        "test_kills.py": "lost",
        "test_a.py::test_passes": "passed",
        "test_b.py::test_passes": "passed",
    }
    assert "error: a worker left no result" in done.err


def test_5_when_there_are_no_tests(cli, project):
    for files in ({"readme.txt": "x"}, {"conftest.py": "x = 1\n"}, {"test_a.py": "x = 1\n"}):
        done = cli.run(project(files))
        assert done.code == 5
        assert "no tests" in done.err


def test_5_and_2_for_folders_that_hold_nothing(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    done = cli("run", tmp_path / "empty")
    assert done.code == 2
    assert f"{tmp_path / 'empty'} has no files" in done.err


def test_fail_fast_ends_the_run_with_the_first_failure(cli, project):
    slow = "import time\ndef test_slow(): time.sleep(60)\ndef test_late(): pass\n"
    bad = "import time\ndef test_bad():\n    time.sleep(1)\n    assert 0\ndef test_after(): pass\n"
    done = cli.run(project({"test_a.py": bad, "test_b.py": slow}), "--fail-fast", "--shards", "2")
    assert done.code == 1
    assert done.outcomes["test_a.py::test_bad"] == "failed"
    assert done.report["totals"]["passed"] == 0
    assert done.report["wall_s"] < 50


def test_an_account_without_credentials_is_said_soon(cli, project):
    began = time.monotonic()
    done = cli("run", project({"test_a.py": PASS}), "--env", "dev", limit_s=60)
    assert done.code == 3
    assert "credentials" in done.err
    assert "testfleet up" not in done.err
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("option", ["--report", "--junit"])
@pytest.mark.parametrize("place", ["missing/folder/file", ".", "/proc/file"])
def test_2_before_the_run_when_a_file_cannot_be_written(cli, project, option, place):
    done = cli("run", project({"test_a.py": PASS}), option, place)
    assert done.code == 2
    assert f"{option} {place}" in done.err
    assert "run 2" not in done.err
