"""`testfleet replay` and `testfleet prioritise`, as a user types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.errors import UsageError

HISTORY = "cycle,test,duration_s,failed\n" + "".join(
    f"{cycle},tests/test_{test}.py,{test + 1},{int(test == cycle % 2)}\n"
    for cycle in range(12)
    for test in range(6)
)


def _run(*args: str) -> str:
    done = CliRunner().invoke(app, [*args], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.fixture
def history(tmp_path: Path) -> str:
    path = tmp_path / "history.csv"
    path.write_text(HISTORY, "utf-8")
    return str(path)


@pytest.mark.parametrize("feedback", ["all", "executed"])
def test_replay_scores_the_learner_beside_simple_orderings(history: str, feedback: str) -> None:
    found = json.loads(_run("replay", history, "--budget", "0.5", "--feedback", feedback, "--json"))
    assert {"learner", "random", "recently_failed", "exponentially_weighted"} <= set(found["napfd"])
    assert found["failing_cycles"] == found["cycles"] == 12
    assert 0 < found["napfd"]["random"] < found["napfd"]["learner"] <= found["ceiling"] <= 1
    best = found["napfd"][found["best_simple"]]
    assert found["gain"] == pytest.approx(found["napfd"]["learner"] / best - 1, abs=1e-4)


def test_replay_prints_a_table_with_the_best_first(history: str) -> None:
    lines = [line.split() for line in _run("replay", history).splitlines() if "0." in line]
    assert lines[0][0] == "ceiling"
    assert any(line[0] == "learner" for line in lines)


def test_replay_of_a_history_without_failures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "green.csv"
    path.write_text("cycle,test,duration_s,failed\n1,a,1,0\n", "utf-8")
    with pytest.raises(UsageError, match="no test failed in the 1 cycles"):
        _run("replay", str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "cycle,test,duration_s,failed\n1,a,1,0\n1,b,1e308,1\n",
            "line 3, column duration_s: '1e308'",
        ),
        (
            "cycle,test,duration_s,failed,test\n1,a,1,1,b\n",
            "column test: the header has this column",
        ),
    ],
)
def test_replay_refuses_what_no_history_has(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=f"odd.csv: .*{message}"):
        _run("replay", str(path))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seconds", ["2592000", "1e-320", "0"])
def test_replay_warns_of_no_number_that_it_accepts(tmp_path: Path, seconds: str) -> None:
    path = tmp_path / "odd.csv"
    rows = "".join(f"{at},a,{seconds},1\n{at},b,{seconds},0\n" for at in range(4))
    path.write_text(f"cycle,test,duration_s,failed\n{rows}", "utf-8")
    assert 0 <= json.loads(_run("replay", str(path), "--json"))["ceiling"] <= 1


def test_replay_of_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the history"):
        _run("replay", str(tmp_path / "none.csv"))


def _commit(root: Path) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*name, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=root, check=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TESTFLEET_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    (root / "tests").mkdir(parents=True)
    (root / "cart.py").write_text("TOTAL = 1\n", "utf-8")
    for name in ("cart", "pay", "zoo"):
        body = f"{'import cart' if name == 'cart' else ''}\n\ndef test_{name}():\n    pass\n"
        (root / "tests" / f"test_{name}.py").write_text(body, "utf-8")
    _commit(root)
    return root


def test_prioritise_without_history_knows_what_changed(project: Path) -> None:
    (project / "cart.py").write_text("TOTAL = 2\n", "utf-8")
    told = _run("prioritise", str(project), "--changed-since", "main", "--json")
    units = json.loads(told)["units"]
    assert units[0]["unit"] == "tests/test_cart.py"
    assert units[0]["reasons"][0] == "named like cart.py, which changed"
    assert units[2]["reasons"][0] == "no change can reach it"


def test_prioritise_prints_every_unit_with_its_reasons(project: Path) -> None:
    told = _run("prioritise", str(project))
    assert told.count("no history") == 3
