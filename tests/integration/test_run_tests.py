"""run-tests.asl.json executed by the emulator as it stands, its failure branches too."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import load_environment
from testfleet.contracts.failure import FailureVerdict
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import WorkerErrorType
from testfleet.contracts.run import Mode
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.prepared import history_key, project_key
from testfleet.workflow.statemachine import render

GIT_IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
FOUR = {f"test_{name}.py": "def test_a():\n    pass\n" for name in "abcd"}


@pytest.fixture
def client(fleet):
    return Client(load_environment("local"), fleet.outputs)


@pytest.fixture
def project(tmp_path):
    def write(files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def start(client, root, executions=None, **changes):
    asked = {
        "path": root, "suite": None, "shards": 2, "mode": Mode.FULL, "keep_going": True,
        "framework_args": (), "env": "local",
    }  # fmt: skip
    draft = draft_run(RunOptions(**asked | changes))
    if executions is not None:
        client.executions = executions
    return draft.submit(client).run_id


def finish(client, run_id):
    follower = Follower(run_id, client.objects, client.executions)
    for _ in follower.follow(timeout_s=120):
        pass
    assert follower.view.report is not None, "the run left no report in time"
    return follower.view.report


def run(client, root, **changes):
    return finish(client, start(client, root, **changes))


def outcomes(report):
    return {test.id: test.outcome.value for test in report.tests}


def wait_for(condition, limit_s=30):
    end = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def test_shards_run_on_two_workers_and_come_back_whole(client, project):
    report = run(client, project(FOUR))
    assert report.status is RunStatus.PASSED
    assert outcomes(report) == {f"{name}::test_a": "passed" for name in FOUR}
    assert len(report.shards) == 2
    assert client.executions.state(report.run_id) in ("RUNNING", "SUCCEEDED")


def test_a_real_failure_and_a_flaky_one_are_told_apart(client, project):
    flaky = (
        "import pathlib\n"
        "def test_first(): pathlib.Path('seen').touch()\n"
        "def test_flaky(): assert not pathlib.Path('seen').exists()\n"
        "def test_real(): assert 1 == 2\n"
    )
    report = run(client, project(FOUR | {"test_e.py": flaky}))
    assert report.status is RunStatus.FAILED
    found = outcomes(report)
    assert found["test_e.py::test_flaky"] == "flaky"
    assert found["test_e.py::test_real"] == "failed"
    told = {failure.test: failure.judgement for failure in report.failures}
    assert told["test_e.py::test_flaky"].polluter == "test_e.py::test_first"
    assert told["test_e.py::test_real"].verdict is FailureVerdict.REAL
    assert [cluster.count for cluster in report.clusters] == [1, 1]


def test_what_fails_in_quarantine_does_not_fail_the_run(client, project):
    entry = '[[quarantine]]\ntest = "test_e.py::*"\nowner = "ann"\nuntil = 2999-01-01\n'
    bad = "def test_bad():\n    token = 'ghp_' + 36 * 'a'\n    assert token == 2\n"
    report = run(client, project(FOUR | {"test_e.py": bad, "testfleet.toml": entry}))
    assert report.status is RunStatus.PASSED_WITH_QUARANTINED
    assert outcomes(report)["test_e.py::test_bad"] == "failed"
    [failure] = report.failures
    assert failure.quarantine.owner == "ann"
    messages = [test.message for test in report.tests if test.id == failure.test]
    assert messages == ["AssertionError: assert '***' == 2"]


def test_a_test_that_needs_what_another_file_imports_passes_as_at_home(client, project):
    needy = "import sys\ndef test_needy(): assert 'colorsys' in sys.modules\n"
    report = run(
        client,
        project({"test_a.py": "import colorsys\n" + FOUR["test_a.py"]} | {"test_b.py": needy}),
    )
    assert report.status is RunStatus.PASSED
    assert len(report.shards) == 2
    assert outcomes(report) == {"test_a.py::test_a": "passed", "test_b.py::test_needy": "passed"}


def test_a_file_that_only_imports_after_another_has_the_results_of_home(client, project):
    maker = "import sys\nsys.modules['made_by_a'] = sys\n"
    needy = "import made_by_a\ndef test_good(): pass\ndef test_bad(): assert 0\n"
    report = run(client, project({"test_a.py": maker + FOUR["test_a.py"], "test_b.py": needy}))
    assert len(report.shards) == 2
    assert outcomes(report) == {
        "test_a.py::test_a": "passed",
        "test_b.py::test_bad": "failed",
        "test_b.py::test_good": "passed",
    }


def test_a_suite_that_requires_fargate_runs_there_with_the_same_worker(client, project):
    toml = '[suites.unit]\nrequires = ["compute:fargate"]\n'
    report = run(client, project(FOUR | {"testfleet.toml": toml}))
    assert report.status is RunStatus.PASSED
    assert {shard.profile for shard in report.shards} == {"fargate"}
    assert not [note for note in report.notes if "promises" in note]
    assert {shard.host.split()[0].split(":")[0] for shard in report.shards} != {"lambda"}


def test_a_set_up_environment_is_built_once_and_used_again(client, project):
    # The environment borrows the fleet's own packages: tests download nothing.
    borrow = (
        "import pathlib, sysconfig\n"
        "here = pathlib.Path(sysconfig.get_path('purelib'), 'borrowed.pth')\n"
        f"here.write_text({str(Path(pytest.__file__).parent.parent)!r})\n"
    )
    root = project(
        {
            "test_a.py": "import sys\ndef test_a(): assert 'environments' in sys.prefix\n",
            "borrow.py": borrow,
            "testfleet.toml": '[environment]\nsetup = ["python borrow.py"]\n',
        }
    )
    first, second = run(client, root, shards="auto"), run(client, root, shards="auto")
    assert (first.status, second.status) == (RunStatus.PASSED, RunStatus.PASSED)
    prepared = [RunKeys(r.run_id).result("prepare") for r in (first, second)]
    assert [client.objects.exists(key) for key in prepared] == [True, False]


def test_an_environment_that_cannot_be_built_rejects_the_run_with_its_output(client, project):
    toml = '[environment]\nsetup = ["echo the-reason; exit 7"]\n'
    report = run(client, project(FOUR | {"testfleet.toml": toml}))
    assert report.status is RunStatus.REJECTED
    assert report.errors[0].type is WorkerErrorType.CONFIGURATION
    assert "the-reason" in report.errors[0].message


def process_of_tests(marker):
    for process in psutil.process_iter(["environ", "cmdline"]):
        environment = process.info["environ"] or {}
        if marker in environment.get("TESTFLEET_TASK_ID", "") and any(
            "pytest_bootstrap" in part for part in process.info["cmdline"] or []
        ):
            return process
    return None


def lambda_of(process):
    """The process that runs the worker's handler: a child of the fleet's daemon."""
    daemon = psutil.Process(int(os.environ["FLEET_PID"]))
    return next(parent for parent in process.parents() if parent.parent() == daemon)


@pytest.mark.parametrize("victim", ["tests", "worker"])
def test_a_killed_process_loses_no_test_and_doubles_none(
    client, project, fleet, victim, monkeypatch
):
    monkeypatch.setenv("FLEET_PID", str(fleet.pid))
    slow = (
        "import time, pytest\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_a(n): time.sleep(0.2)\n"
    )
    root = project({f"test_{name}.py": slow for name in "ab"})
    run_id = start(client, root)
    process = wait_for(lambda: process_of_tests(run_id))
    time.sleep(0.8)
    (process if victim == "tests" else lambda_of(process)).send_signal(signal.SIGKILL)
    report = finish(client, run_id)
    assert sorted(test.id for test in report.tests) == sorted(
        f"test_{name}.py::test_a[{n}]" for name in "ab" for n in range(8)
    )
    assert report.status is RunStatus.PASSED
    assert process_of_tests(run_id) is None


def machine_with(fleet, client, name, **changes):
    """run-tests.asl.json as a machine of its own, with something wrong around it."""
    arn = fleet.outputs["StateMachineArn"]
    account = ":".join(arn.split(":")[3:5])
    functions = f"arn:aws:lambda:{account}:function"
    right = {
        "ControlFunctionArn": f"{functions}:{fleet.outputs['ControlFunctionName']}",
        "WorkerFunctionArn": f"{functions}:{fleet.outputs['WorkerFunctionName']}",
        "DataBucket": fleet.outputs["DataBucket"], "ClusterArn": "c",
        "TaskDefinitionArn": "t", "WorkerContainer": "w", "SubnetA": "a", "SubnetB": "b",
        "SecurityGroup": "s", "AssignPublicIp": "DISABLED",
    }  # fmt: skip
    machine = clients.stepfunctions().create_state_machine(
        name=name,
        definition=render("run-tests", right | changes),
        roleArn="arn:aws:iam::000000000000:role/any",
    )
    return StepFunctionsExecutions(clients.stepfunctions(), machine["stateMachineArn"])


def test_workers_that_cannot_be_reached_leave_recorded_losses(fleet, client, project):
    nowhere = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
    executions = machine_with(fleet, client, "no-worker", WorkerFunctionArn=nowhere)
    report = run(client, project(FOUR), executions=executions)
    assert report.status is RunStatus.INCOMPLETE
    assert outcomes(report) == dict.fromkeys(FOUR, "lost")
    assert {error.type for error in report.errors} == {WorkerErrorType.WORKER_LOST}


def test_a_failure_of_the_workflow_itself_is_reported(fleet, client, project):
    executions = machine_with(fleet, client, "no-items", DataBucket="no-such-bucket")
    report = run(client, project(FOUR), executions=executions)
    assert report.status is RunStatus.INCOMPLETE
    assert WorkerErrorType.INTERNAL in {error.type for error in report.errors}
    wait_for(lambda: executions.state(report.run_id) == "FAILED")


def test_a_cancelled_run_ends_soon_and_says_so(client, project):
    root = project({f"test_{n}.py": "import time\ndef test_a(): time.sleep(60)\n" for n in "ab"})
    run_id = start(client, root)
    wait_for(lambda: process_of_tests(run_id))
    client.objects.put(RunKeys(run_id).cancel, b"")
    report = finish(client, run_id)
    assert report.status is RunStatus.INCOMPLETE
    assert WorkerErrorType.CANCELLED in {error.type for error in report.errors}
    assert process_of_tests(run_id) is None


def test_fail_fast_leaves_the_rest_alone(client, project):
    files = {
        "test_a.py": "def test_bad(): assert 0\ndef test_after(): pass\n",
        "test_b.py": "import time\ndef test_slow(): time.sleep(30)\ndef test_late(): pass\n",
    }
    report = run(client, project(files), keep_going=False)
    assert report.status is RunStatus.FAILED
    assert outcomes(report)["test_a.py::test_bad"] == "failed"
    assert report.totals.passed == 0


def test_a_long_file_is_cut_and_what_rests_on_a_test_before_it_passes_as_at_home(client, project):
    ordered = (
        "seen = []\n"
        "class TestFirst:\n    def test_one(self): seen.append(1)\n"
        "class TestSecond:\n    def test_two(self): assert seen\n"
    )
    root = project(FOUR | {"test_long.py": ordered})
    key = remember(client, root, scopes=(("TestFirst", 30.0), ("TestSecond", 30.0)))
    report = run(client, root)
    groups = [unit for shard in report.shards for unit in shard.units if "::" in unit]
    assert sorted(groups) == ["test_long.py::[1/2]", "test_long.py::[2/2]"]
    assert report.status is RunStatus.PASSED
    assert outcomes(report)["test_long.py::TestSecond::test_two"] == "passed"
    assert {test.file for test in report.tests} == set(FOUR) | {"test_long.py"}
    wait_for(lambda: client.history.load(key)["test_long.py"].bound == ("TestSecond",))


def test_only_what_a_change_can_reach_runs(client, project):
    imports = {"a.py": "x = 1\n", "test_a.py": "import a\n" + FOUR["test_a.py"]}
    root = project(FOUR | imports)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *GIT_IDENTITY, *command], cwd=root, check=True)
    (root / "a.py").write_text("x = 2\n")
    report = run(client, root, changed_since="HEAD")
    assert outcomes(report) == {"test_a.py::test_a": "passed"}
    assert "3 files were not run: what changed cannot reach them" in report.notes


def remember(client, root, scopes):
    """Tell history that test_long.py takes long, as if it had run before."""
    seconds = sum(spent for _, spent in scopes)
    past = UnitHistory(duration_s=seconds, tests=len(scopes), runs=1, scopes=scopes)
    key = history_key(project_key(root.name, str(root)), "default", trusted=True)
    short = dict.fromkeys(FOUR, UnitHistory(duration_s=0.1, tests=1, runs=1))
    client.history.save(key, {**short, "test_long.py": past})
    return key
