"""The worker's results are those of plain pytest, however the files are divided among shards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.execution_samples import bench, outcomes
from tests.execution_zoo import FILES, RECORDER, judge

UNITS = sorted(name for name in FILES if not name.endswith(("conftest.py", ".toml")))


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    """What pytest says at home, kept going and not distributed."""
    home, plugins = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("plugins")
    for name, text in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (plugins / "recorder.py").write_text(RECORDER)
    program = Path(sys.executable).with_name("pytest")
    subprocess.run(
        [program, "-p", "recorder", "--maxfail=0", "--continue-on-collection-errors", "-n0"],
        cwd=home,
        env={**os.environ, "RECORD": str(plugins / "record"), "PYTHONPATH": str(plugins)},
        capture_output=True,
        check=False,
    )
    return judge(json.loads((plugins / "record").read_text()))


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("zoo")) as made:
        yield made


def merged(results):
    found = {}
    for result in results:
        assert not result.errors
        assert result.attempts == 1
        for test, outcome in outcomes(result).items():
            assert found.setdefault(test, outcome) == outcome
    return found


def test_three_shards_and_one_for_the_rest_make_a_run_at_home(at_home, worker):
    named = UNITS[:-6]
    parts = [tuple(named[start::2]) for start in range(2)]
    results = [worker.run(FILES, units=part, env={}) for part in parts]
    results.append(worker.run(FILES, units=(), excluded=tuple(named), env={}))
    found = merged(results)
    assert found == at_home
    assert len(found) > 45


def test_each_result_belongs_to_its_file(worker):
    result = worker.run(FILES, units=("src/lib/mod.py", "tests/data.yaml"), env={})
    assert {(test.id, test.file) for test in result.tests} == {
        ("src/lib/mod.py::lib.mod.f", "src/lib/mod.py"),
        ("tests/data.yaml::first", "tests/data.yaml"),
        ("tests/data.yaml::second", "tests/data.yaml"),
    }
    assert {(unit.id, unit.tests) for unit in result.units} == {
        ("src/lib/mod.py", 1),
        ("tests/data.yaml", 2),
    }


def test_messages_and_texts_are_those_of_pytest(worker):
    units = ("tests/test_outcomes.py", "tests/test_skipped_module.py", "tests/test_syntax.py")
    result = worker.run(FILES, units=units, env={})
    tests = {test.id.rpartition("::")[2]: test for test in result.tests}
    assert tests["test_fails"].message == "assert 1 == 2"
    assert "def test_fails(): assert 1 == 2" in tests["test_fails"].longrepr
    assert tests["test_skipped"].message == "Skipped: never"
    assert tests["test_expected_to_fail"].message == "xfail"
    assert tests["test_passes_although_it_must_not"].message == "[XPASS(strict)]"
    assert tests["tests/test_syntax.py"].message.startswith("SyntaxError: invalid syntax")
    assert "there_is_no_such_module" in tests["tests/test_skipped_module.py"].message
    assert tests["test_passes"].longrepr == ""
