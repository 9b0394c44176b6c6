"""Up, down, killed and up again: the daemon as it really runs."""

import os
import signal
import subprocess
import sys

import boto3
import psutil
import pytest

from testfleet.config import load_environment
from testfleet.errors import FleetError
from testfleet.local.environment import client_environment
from testfleet.local.fleet import Fleet
from testfleet.local.info import DaemonInfo, FleetInfo
from testfleet.local.locks import FileLock
from testfleet.local.network import bind
from tests.fleet_samples import new_fleet, processes_of

UP = """
import sys
from pathlib import Path
from testfleet.local.fleet import Fleet
print(Fleet(Path(sys.argv[1])).up(lambda message: print(message, file=sys.stderr)).pid)
loaded = {"ministack", "aws_cdk", "boto3", "botocore"} & sys.modules.keys()
print(sorted(loaded))
"""

LIMITED = 'ulimit -f 0; exec "$@"'
UP_SAYING_WHY = """
import sys
from pathlib import Path
from testfleet.errors import TestfleetError
from testfleet.local.fleet import Fleet
try:
    Fleet(Path(sys.argv[1])).up()
except TestfleetError as exc:
    print(exc, exc.hint, sep="; ")
    sys.exit(exc.exit_code)
"""


@pytest.fixture(scope="module")
def own(shared_fleet, tmp_path_factory):
    """A fleet that the tests of this module stop, kill and damage."""
    fleet = new_fleet(tmp_path_factory.mktemp("own"), shared_fleet)
    fleet.up()
    yield fleet
    fleet.down()


@pytest.fixture
def fresh(shared_fleet, tmp_path):
    """A fleet that was never up."""
    fleet = new_fleet(tmp_path / "home", shared_fleet)
    yield fleet
    fleet.down()


def client(info, service):
    values = client_environment(info.endpoint_url, info.region)
    return boto3.Session().client(
        service,
        endpoint_url=info.endpoint_url,
        region_name=info.region,
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )


def start_up(fleet):
    return subprocess.Popen(
        [sys.executable, "-c", UP, str(fleet.home.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def put_object(info, body):
    client(info, "s3").put_object(Bucket=info.outputs["DataBucket"], Key="kept", Body=body)


def get_object(info):
    answer = client(info, "s3").get_object(Bucket=info.outputs["DataBucket"], Key="kept")
    return answer["Body"].read()


def put_row(info, run_id):
    row = {"run_id": {"S": run_id}}
    client(info, "dynamodb").put_item(TableName=info.outputs["RunsTable"], Item=row)


def has_row(info, run_id):
    key = {"run_id": {"S": run_id}}
    answer = client(info, "dynamodb").get_item(TableName=info.outputs["RunsTable"], Key=key)
    return "Item" in answer


def kill_daemon(fleet):
    daemon = psutil.Process(fleet.status().pid)
    below = daemon.children(recursive=True)
    daemon.kill()
    daemon.wait(20)
    return below


def test_a_second_up_changes_nothing_and_loads_nothing_heavy(own):
    info = own.up()
    second = start_up(own)
    out, err = second.communicate(timeout=60)
    assert out.splitlines() == [str(info.pid), "[]"]
    assert err == ""


def test_the_status_tells_what_runs(own):
    info, status = own.up(), own.status()
    assert status.is_up
    assert (status.pid, status.endpoint_url) == (info.pid, info.endpoint_url)
    assert "testfleet-local-workflows" in status.stacks
    assert status.outputs.keys() >= {"DataBucket", "RunsTable", "HistoryTable", "StateMachineArn"}


def test_a_fleet_with_all_its_workers_idles_below_300_mb(own, wait_for):
    own.up()
    workers = 1 + load_environment("local").fleet.workers
    wait_for(lambda: len(processes_of(own)) == 1 + workers)
    wait_for(lambda: own.status().memory_mb > 150)
    assert own.status().memory_mb < 300


def test_down_ends_every_process_and_keeps_the_state(own):
    info = own.up()
    put_object(info, b"body")
    put_row(info, "of-before")
    assert own.down()
    assert processes_of(own) == []
    assert not own.status().is_up
    assert list(own.home.tmp.iterdir()) == []
    messages = []
    again = own.up(messages.append)
    assert messages == ["starting the embedded AWS"]
    assert get_object(again) == b"body"
    assert has_row(again, "of-before")
    assert again.outputs == info.outputs


def test_down_of_what_is_not_up_says_so(tmp_path):
    assert not Fleet(tmp_path / "never").down()
    assert not (tmp_path / "never").exists()


def test_a_killed_daemon_takes_its_workers_along_and_up_recovers(own):
    info = own.up()
    put_object(info, b"survives")
    below = kill_daemon(own)
    _, alive = psutil.wait_procs(below, timeout=20)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert own.home.daemon.exists()
    assert not own.status().is_up
    again = own.up()
    assert again.pid != info.pid
    assert get_object(again) == b"survives"


def test_what_was_deployed_is_deployed_again_when_its_state_was_lost(own):
    own.up()
    kill_daemon(own)
    for file in own.home.services.glob("*.json"):
        file.unlink()
    messages = []
    info = own.up(messages.append)
    assert messages[-1] == "deploying the application"
    put_object(info, b"works")
    assert get_object(info) == b"works"


def test_a_daemon_that_hangs_is_replaced(own, monkeypatch):
    before = own.up().pid
    os.kill(before, signal.SIGSTOP)
    monkeypatch.setattr("testfleet.local.daemon._STOP_LIMIT_S", 0.5)
    monkeypatch.setattr("testfleet.local.daemon.DaemonControl.answers", lambda *_: False)
    messages = []
    assert own.up(messages.append).pid != before
    assert "does not answer" in messages[0]
    assert before not in processes_of(own)


def test_a_stale_pid_file_of_a_number_that_is_in_use_again_counts_for_nothing(own):
    own.down()
    stale = DaemonInfo(
        process={"pid": os.getpid(), "started": "1"},
        endpoint_url="http://127.0.0.1:9",
        program="x",
    )
    stale.save(own.home.daemon)
    assert not own.status().is_up
    assert own.up().pid != os.getpid()


def test_two_homes_know_nothing_of_each_other(own, fleet):
    mine = own.up()
    assert (mine.pid, mine.endpoint_url) != (fleet.pid, fleet.endpoint_url)
    put_row(mine, "only-mine")
    assert not has_row(fleet, "only-mine")


def test_two_ups_at_once_make_one_fleet(fresh):
    ups = [start_up(fresh) for _ in range(2)]
    answers = [up.communicate(timeout=120) for up in ups]
    assert [up.returncode for up in ups] == [0, 0]
    assert len({out.splitlines()[0] for out, _ in answers}) == 1
    assert sum("deploying" in err for _, err in answers) == 1
    assert sum("waiting for another testfleet" in err for _, err in answers) <= 1


def test_a_failed_deployment_leaves_no_daemon_behind(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr("testfleet.local.deploy.CDK", tmp_path / "cdk")
    with pytest.raises(FleetError, match="the CDK CLI is not installed"):
        fresh.up()
    assert processes_of(fresh) == []
    assert FleetInfo.load(fresh.home.info) is None


def test_a_disk_that_takes_nothing_more_ends_up_with_a_message(fresh):
    # A limit on the size of files fails every write, as a full disk does.
    limited = subprocess.run(
        ["/bin/sh", "-c", LIMITED, "sh", sys.executable, "-c", UP_SAYING_WHY, fresh.home.root],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (limited.returncode, limited.stderr) == (3, "")
    assert "File too large" in limited.stdout
    assert "TESTFLEET_HOME" in limited.stdout
    assert processes_of(fresh) == []


def test_ctrl_c_leaves_nothing_behind(tmp_path, wait_for):
    fleet = Fleet(tmp_path / "home")
    up = start_up(fleet)
    wait_for(lambda: len(processes_of(fleet)) > 1)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=60)
    assert up.returncode != 0
    assert [pid for pid in processes_of(fleet) if pid != up.pid] == []


def test_a_killed_up_is_no_obstacle_for_the_next(fresh, wait_for):
    first = start_up(fresh)
    wait_for(fresh.home.daemon.exists)
    first.kill()
    first.communicate()
    tools = [pid for pid in processes_of(fresh) if pid != fresh.status().pid]
    assert fresh.up().stacks
    assert not set(tools) & set(processes_of(fresh))


def test_a_fixed_port_in_use_ends_up_with_the_way_out(fresh, monkeypatch):
    with bind(0) as taken:
        monkeypatch.setenv("TESTFLEET_PORT", str(taken.getsockname()[1]))
        with pytest.raises(FleetError, match=r"port \d+ cannot be taken: Address already in use"):
            fresh.up()
    assert processes_of(fresh) == []


@pytest.mark.parametrize("port", ["http", "-1", "99999"])
def test_a_port_that_is_none_is_named(fresh, monkeypatch, port):
    monkeypatch.setenv("TESTFLEET_PORT", port)
    with pytest.raises(Exception, match="TESTFLEET_PORT is") as error:
        fresh.up()
    assert error.value.exit_code == 2


def test_a_lock_that_its_dead_holder_left_is_no_obstacle(fresh):
    for lock in (fresh.home.operation_lock, fresh.home.daemon_lock):
        lock.write_text("4194304")
        assert not FileLock(lock).is_held()
    assert fresh.up().stacks
