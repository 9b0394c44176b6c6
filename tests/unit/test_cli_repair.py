"""`testfleet repair` on a world in memory."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.contracts.repair_work import RepairRequest
from testfleet.errors import UsageError
from testfleet.workflow.repairs.keys import RepairKeys
from testfleet.workflow.repairs.steps import RepairSteps
from tests.repair_scene import PROVED, RepairScene
from tests.workflow_scene import RUN_ID


class Executions:
    """Ends each repair at once, in the way that it is told."""

    def __init__(self, scene, report):
        self.scene, self.report, self.started = scene, report, []

    def start(self, repair_id):
        self.started.append(repair_id)
        steps = RepairSteps(self.scene.world, repair_id)
        steps.plan_repairs()
        steps._end(steps._records.plan("a")).write(self.report)
        steps.summarise()

    def state(self, repair_id):
        return "SUCCEEDED"


@pytest.fixture
def repair(tmp_path, monkeypatch):
    scene = RepairScene(tmp_path)

    def run(*args, report=PROVED):
        client = SimpleNamespace(objects=scene.objects, repairs=Executions(scene, report))
        monkeypatch.setattr("testfleet.cli.client.connect", lambda *_: client)
        done = CliRunner().invoke(app, ["repair", *args])
        return done, client

    return run


def test_a_fixed_run_ends_with_0_and_can_be_shown_once_more(repair):
    done, client = repair(RUN_ID, "--workers", "2", "--json")
    assert done.exit_code == 0
    summary = json.loads(done.stdout)
    assert summary["verdicts"][0]["slices"] == 2
    assert repair(summary["repair_id"])[0].exit_code == 0
    body = client.objects.get(RepairKeys(client.repairs.started[0]).request)
    assert RepairRequest.model_validate_json(body).budget.slices == 2


def test_what_is_not_fixed_ends_with_1_and_the_reason(repair):
    report = FixReport(status=FixStatus.NOT_FIXED, reason="nothing fits")
    done, _ = repair(RUN_ID, report=report)
    assert done.exit_code == 1
    assert "nothing fits" in done.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nonsense"], "no id of a run or a repair"),
        (["20200101-000000-abcdef"], "has no report"),
        ([f"{RUN_ID}-none"], "no repair"),
        ([RUN_ID, "--engine", "magic"], "magic"),
    ],
)
def test_a_wrong_request_is_explained(repair, args, words):
    done, _ = repair(*args)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)


@pytest.mark.parametrize("option", [("--workers", "99"), ("--budget", "0"), ("--max-cost", "nan")])
def test_a_budget_that_cannot_be_names_its_option(repair, option):
    done, _ = repair(RUN_ID, *option)
    assert done.exit_code == 2
    assert option[0] in done.output
