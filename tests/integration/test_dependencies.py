"""Files that need each other, on the emulator: barriers, blocked files, lost and flaky ones."""

import pytest

from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import load_environment
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.report import RunStatus
from testfleet.contracts.run import Mode
from tests.integration.test_run_tests import machine_with

PASS = "def test_x(): pass\n"
FLAKY = "seen = []\ndef test_first(): seen.append(1)\ndef test_x(): assert not seen\n"
NEEDS = (
    '[[suites.default.depends]]\nunits = ["test_[bc].py"]\ndepends_on = ["test_a.py"]\n'
    '[[suites.default.depends]]\nunits = ["test_d.py"]\ndepends_on = ["test_c.py"]\n'
)
LONG_S, SHORT_S = 30.0, 0.01
ALL = [f"test_{name}.py" for name in "abcd"]


@pytest.fixture
def run(fleet, tmp_path):
    """Runs four files, of which history says how long they take; `test_a.py` is what is given."""
    client = Client(load_environment("local"), fleet.outputs)

    def run(provider, seconds, *args, executions=None):
        files = dict.fromkeys(ALL, PASS) | {"test_a.py": provider, "testfleet.toml": NEEDS}
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        draft = draft_run(
            RunOptions(
                path=tmp_path, suite=None, shards=2, mode=Mode.FULL, keep_going=True,
                framework_args=args, env="local",
            )
        )  # fmt: skip
        past = {name: UnitHistory(duration_s=seconds, tests=1, runs=5) for name in ALL}
        client.history.save(draft.history_key, past)
        if executions is not None:
            client.executions = executions
        follower = Follower(draft.submit(client).run_id, client.objects, client.executions)
        for _ in follower.follow(timeout_s=120):
            pass
        return follower.view.report

    return run


def outcomes(report):
    return {test.file: test.outcome.value for test in report.tests if "first" not in test.id}


def shard_of(report, unit):
    """The last one that had it."""
    return [shard for shard in report.shards if unit in shard.units][-1]


def test_what_needs_another_shard_starts_when_that_has_ended(run):
    report = run(PASS, LONG_S)
    assert report.status is RunStatus.PASSED
    first = shard_of(report, "test_a.py")
    for name in ("test_b.py", "test_c.py", "test_d.py"):
        assert shard_of(report, name).started_at >= first.finished_at
    assert shard_of(report, "test_b.py").id != shard_of(report, "test_c.py").id


@pytest.mark.parametrize("seconds", [LONG_S, SHORT_S], ids=["barrier", "one shard"])
def test_what_needs_a_failed_file_is_skipped_and_says_why(run, seconds):
    report = run("def test_x(): assert 0\n", seconds)
    assert outcomes(report) == {"test_a.py": "failed"} | dict.fromkeys(ALL[1:], "skipped")
    messages = {test.message for test in report.tests if test.file != "test_a.py"}
    assert messages == {"blocked by test_a.py (failed)"}
    assert report.status is RunStatus.FAILED
    assert report.totals.skipped == 3


@pytest.mark.parametrize("seconds", [LONG_S, SHORT_S], ids=["barrier", "one shard"])
def test_what_needs_a_flaky_file_runs_once_that_is_known(run, seconds):
    report = run(FLAKY, seconds)
    assert outcomes(report) == {"test_a.py": "flaky"} | dict.fromkeys(ALL[1:], "passed")
    assert report.status is RunStatus.PASSED


def test_what_needs_a_lost_file_is_skipped_and_the_run_is_incomplete(fleet, run):
    nowhere = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
    client = Client(load_environment("local"), fleet.outputs)
    executions = machine_with(fleet, client, "no-provider", WorkerFunctionArn=nowhere)
    report = run(PASS, LONG_S, executions=executions)
    assert outcomes(report) == {"test_a.py": "lost"} | dict.fromkeys(ALL[1:], "skipped")
    assert "blocked by test_a.py (lost)" in {test.message for test in report.tests}
    assert report.status is RunStatus.INCOMPLETE


def test_what_is_not_chosen_blocks_nothing(run):
    report = run("def test_other(): assert 0\n", LONG_S, "-k", "test_x")
    assert outcomes(report) == dict.fromkeys(ALL[1:], "passed")
