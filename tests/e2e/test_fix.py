"""`testfleet fix` as a user types it. It needs no fleet."""

import json
import subprocess

import pytest

from tests.e2e.command import Command

CODE = """\
def first_at_least(items, limit):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low
"""
TESTS = """\
import json
import pathlib

import pytest

from search import first_at_least

CASES = json.loads((pathlib.Path(__file__).parent / "cases.json").read_text())


@pytest.mark.parametrize("items, limit, found", CASES)
def test_first(items, limit, found):
    assert first_at_least(items, limit) == found
"""
CASES = [[[1, 2, 3], 2, 1], [[1, 3, 5], 2, 1], [[1, 2, 2, 5], 2, 1], [[], 3, 0], [[5, 6], 9, 2]]


@pytest.fixture
def testfleet(tmp_path):
    return Command(tmp_path / "home")


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "search.py").write_text(CODE)
    (root / "test_search.py").write_text(TESTS)
    (root / "cases.json").write_text(json.dumps(CASES))
    return root


def test_a_fix_is_shown_applied_taken_back_and_the_second_time_known_and_published(
    testfleet, project
):
    done = testfleet("fix", project, "--engine", "rewrite", "--apply", "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert report["status"] == "fixed"
    assert "+        if items[middle] < limit:\n" in report["patch"]
    assert (project / "search.py").read_text() == CODE.replace("<= limit", "< limit")
    assert testfleet("fix", project).code == 5
    assert testfleet("fix", project, "--undo").code == 0
    assert (project / "search.py").read_text() == CODE
    for args in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org"]
        subprocess.run([*git, *args], cwd=project, check=True)
    done = testfleet("fix", project, "--pull-request", "--json")
    assert json.loads(done.out)["engine"] == "memory"
    [record] = (testfleet.home / "pulls").glob("*.pulls/1.json")
    assert json.loads(record.read_text())["reviewers"] == ["ann@example.org"]


def test_a_file_with_uncommitted_changes_is_left_alone(testfleet, project):
    for args in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *args], cwd=project, check=True)
    done = testfleet("fix", project, "--engine", "rewrite", "--apply")
    assert done.code == 2
    assert "not committed" in done.err
    assert "+        if items[middle] < limit:" in done.out
    done = testfleet("fix", project, "--engine", "rewrite", "--branch", "--json")
    assert done.code == 2
    assert json.loads(done.out)["status"] == "fixed"
    assert (project / "search.py").read_text() == CODE


def test_wrong_usage_says_what_is_allowed(testfleet, project):
    for args, words in (
        (["--engine", "magic"], "rewrite"),
        (["--budget", "0"], "seconds above zero"),
        (["--max-candidates", "0"], "a number from 1"),
        (["--undo"], "nothing to undo"),
    ):
        done = testfleet("fix", project, *args)
        assert done.code == 2
        assert words in done.err


def test_what_is_not_fixed_is_localised_and_explained(testfleet, project):
    (project / "test_search.py").write_text(
        "from search import first_at_least\n\n\ndef test_it():\n"
        "    assert first_at_least([1], 1) == 'no number'\n"
    )
    done = testfleet("fix", project, "--engine", "rewrite", "--max-candidates", "20", "--json")
    report = json.loads(done.out)
    assert done.code == 1
    assert report["status"] == "not_fixed"
    assert "none of 20 candidates" in report["reason"]
    assert report["localisation"][0]["path"] == "search.py"
