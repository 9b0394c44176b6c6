"""Runs that are interrupted, robbed of their processes, or not alone."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from testfleet.cli.client import Client
from testfleet.config import load_environment
from tests.e2e.command import Command, left_over, wait_for, write
from tests.fleet_samples import end, new_fleet, processes_of

SLOW = """
import pathlib, time
def test_first(): pass
def test_slow():
    pathlib.Path({memo!r}).touch()
    time.sleep(90)
def test_last(): pass
"""
STEADY = (
    "import pytest, time\n@pytest.mark.parametrize('n', range(8))\n"
    "def test_it(n): time.sleep(0.15)\n"
)
STEADY_TESTS = {f"test_{name}.py::test_it[{n}]": "passed" for name in "ab" for n in range(8)}


@pytest.fixture
def slow(tmp_path):
    """A project whose two files run for minutes, and how to know that they do."""
    memos = [tmp_path / name for name in "ab"]
    files = {f"test_{memo.name}.py": SLOW.format(memo=str(memo)) for memo in memos}
    return write(tmp_path / "slow", files), lambda: all(memo.exists() for memo in memos)


@pytest.fixture
def steady(tmp_path):
    return write(tmp_path / "steady", {f"test_{name}.py": STEADY for name in "ab"})


def start(cli, root, *options):
    report = root.parent / "report.json"
    running = cli.start("run", root, "--shards", "2", "--report", report, *options)
    return running, running.run_id(), report


def outcomes(report):
    found = [(test["id"], test["outcome"]) for test in json.loads(report.read_text())["tests"]]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_ends_with_all_its_processes_and_tells_what_it_has(
    fleet, cli, slow, number
):
    root, is_slow = slow
    running, run_id, report = start(cli, root)
    wait_for(is_slow)
    running.signal(number)
    done = running.end(limit_s=30)
    assert done.code == 130
    assert left_over(run_id) == []
    assert {test: how for test, how in outcomes(report).items() if how != "lost"} == {
        "test_a.py::test_first": "passed",
        "test_b.py::test_first": "passed",
    }
    assert "stopping the run" in done.err
    assert "✓ 2" in done.out
    executions = Client(load_environment("local"), fleet.outputs).executions
    wait_for(lambda: executions.state(run_id) != "RUNNING")


GATED = """
import pathlib, time
def test_first(): pathlib.Path({memo!r}).open("a").write("x")
def test_slow():
    while not pathlib.Path({gate!r}).exists(): time.sleep(0.05)
"""


def test_a_run_that_was_stopped_is_resumed_where_it_was(fleet, cli, tmp_path):
    memos, gate = [tmp_path / name for name in "ab"], tmp_path / "gate"
    files = {f"test_{memo.name}.py": GATED.format(memo=str(memo), gate=str(gate)) for memo in memos}
    root = write(tmp_path / "gated", files | {"test_c.py": "def test_c(): pass\n"})
    running, run_id, report = start(cli, root)
    wait_for(lambda: all(memo.exists() for memo in memos))
    assert cli("resume", run_id).code == 2
    assert cli("stop", run_id).out == f"stopped: {run_id}\n"
    assert running.end(limit_s=30).code == 3
    assert "lost" in outcomes(report).values()
    gate.touch()
    assert cli("resume", run_id, "--report", report).code == 0
    assert set(outcomes(report).values()) == {"passed"}
    assert len(outcomes(report)) == 5
    again = cli("resume", run_id)
    assert (again.code, "is complete" in again.err) == (2, True)
    assert cli("stop", run_id).code == 2


POISON = """
import os, pathlib, signal

def test_good(): pass

def test_poison():
    pid = os.getpid()
    while not pathlib.Path({gate!r}).exists():
        fields = pathlib.Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()
        pid = int(fields[1])
        if b"-worker-" in pathlib.Path(f"/proc/{{pid}}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
"""


def test_what_a_run_gives_up_waits_in_a_queue_until_it_is_redriven(fleet, cli, tmp_path):
    gate = tmp_path / "gate"
    files = {"test_a.py": "def test_a(): pass\n", "test_b.py": POISON.format(gate=str(gate))}
    done = cli.run(write(tmp_path / "poison", files))
    run_id = done.report["run_id"]
    assert (done.code, done.outcomes["test_a.py::test_a"]) == (3, "passed")
    assert "lost" in done.outcomes.values()
    # Other tests' runs on this fleet may have given something up, too.
    assert json.loads(cli("redrive", "--json").out)[run_id] == ["test_b.py"]
    gate.touch()
    assert cli("redrive", run_id).code == 0
    assert run_id not in json.loads(cli("redrive", "--json").out)
    told = [json.loads(line) for line in cli("logs", run_id, "--events").out.splitlines()]
    assert [event["sequence"] for event in told] == list(range(1, len(told) + 1))
    kinds = [event["kind"] for event in told]
    assert kinds.count("run-finished") == 2
    assert kinds.index("run-finished") < kinds.index("run-resumed") < len(kinds) - 1
    assert kinds[-1] == "run-finished"


def test_all_runs_are_stopped_at_once_and_one_of_them_is_resumed(fleet, cli, tmp_path):
    gate, runs = tmp_path / "gate", {}
    for name in "ab":
        memo = tmp_path / name
        files = {"test_it.py": GATED.format(memo=str(memo), gate=str(gate))}
        running, run_id, report = start(cli, write(tmp_path / f"tree-{name}", files))
        runs[run_id] = (running, report)
        wait_for(memo.exists)
    said = cli("stop", "--all", "--now").out
    assert all(run_id in said for run_id in runs)
    assert {running.end(limit_s=30).code for running, _ in runs.values()} == {3}
    wait_for(lambda: not any(left_over(run_id) for run_id in runs))
    gate.touch()
    run_id, (_, report) = next(iter(runs.items()))
    assert cli("resume", run_id, "--report", report).code == 0
    assert set(outcomes(report).values()) == {"passed"}


def test_a_second_interrupt_leaves_at_once_and_the_fleet_cleans_up(fleet, cli, slow):
    root, is_slow = slow
    running, run_id, _ = start(cli, root)
    wait_for(is_slow)
    running.signal(signal.SIGINT)
    wait_for(lambda: b"press Ctrl-C again" in running.process.stderr.readline())
    running.signal(signal.SIGINT)
    done = running.end(limit_s=20)
    assert done.code == 130
    wait_for(lambda: left_over(run_id) == [])
    executions = Client(load_environment("local"), fleet.outputs).executions
    wait_for(lambda: executions.state(run_id) != "RUNNING")


def test_processes(run_id):
    return [process for process in psutil.process_iter() if belongs(process, run_id)]


def belongs(process, run_id):
    try:
        marker = process.environ().get("TESTFLEET_TASK_ID", "")
        return marker.startswith(run_id) and "pytest_bootstrap" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


test_processes.__test__ = False


def worker_of(process, daemon_pid):
    """The process of the Lambda function, a child of the daemon."""
    return next(parent for parent in process.parents() if parent.ppid() == daemon_pid)


def test_killed_tests_and_a_killed_worker_cost_no_result(fleet, cli, steady):
    running, run_id, report = start(cli, steady)
    first, second = wait_for(lambda: len(found := test_processes(run_id)) == 2 and found)
    time.sleep(0.5)
    worker = worker_of(second, fleet.pid)
    first.kill()
    worker.kill()
    done = running.end()
    assert done.code == 0
    assert outcomes(report).keys() == STEADY_TESTS.keys()
    assert set(outcomes(report).values()) <= {"passed", "flaky"}
    assert left_over(run_id) == []


@pytest.fixture(scope="module")
def own(shared_fleet, tmp_path_factory):
    """A fleet that may be killed, and the command on it."""
    made = new_fleet(tmp_path_factory.mktemp("own"), shared_fleet)
    made.up()
    yield made, Command(made.home.root)
    end(made)


def test_a_killed_fleet_ends_its_run_and_the_next_one_works(own, slow, steady):
    made, cli = own
    root, is_slow = slow
    running, run_id, _ = start(cli, root)
    wait_for(is_slow)
    os.kill(made.status().pid, signal.SIGKILL)
    done = running.end(limit_s=60)
    assert done.code == 3
    assert "error: " in done.err
    assert "testfleet up" in done.err
    wait_for(lambda: left_over(run_id) == [] and processes_of(made) == [])
    assert "the fleet is down" in cli("status").out
    assert cli.run(steady).outcomes == STEADY_TESTS
    rows = {row["run_id"]: row["status"] for row in json.loads(cli("runs", "--json").out)}
    # Unless it is forgotten: the fleet saves what it knows now and then.
    assert rows.pop(run_id, "incomplete") == "incomplete"
    assert list(rows.values()) == ["passed"]


def test_runs_at_the_same_time_on_one_fleet_and_on_another_are_all_right(own, cli, tmp_path):
    _, other = own
    roots = [write(tmp_path / str(n), {"test_a.py": STEADY, "test_b.py": STEADY}) for n in range(3)]
    with ThreadPoolExecutor() as pool:
        runs = pool.map(lambda on, root: on.run(root), [cli, cli, other], roots)
    for done in runs:
        assert (done.code, done.outcomes) == (0, STEADY_TESTS)
    here, there = (
        {row["run_id"] for row in json.loads(on("runs", "--json").out)} for on in (cli, other)
    )
    assert here.isdisjoint(there)
    assert done.report["run_id"] in there


def test_the_same_tree_may_be_run_twice_at_once(cli, steady):
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(cli, "run", steady, "--json") for _ in range(2)]
    for done in runs:
        report = json.loads(done.result().out)
        assert {test["id"]: test["outcome"] for test in report["tests"]} == STEADY_TESTS
