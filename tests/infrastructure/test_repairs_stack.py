from __future__ import annotations

import json

from testfleet.workflow.statemachine import placeholders
from tests.infrastructure.templates import (
    TRACES,
    Assembly,
    own_logs,
    read,
    rights_on,
)

DATA = "<storage.Data.Arn>"


def test_the_control_function_may_exactly_read_runs_and_write_repairs(account: Assembly) -> None:
    assert account.rights("repairs", "RepairRole") == {
        *rights_on(f"{DATA}/sources/*", "s3:GetObject"),
        *rights_on(f"{DATA}/runs/*", "s3:GetObject"),
        *rights_on(f"{DATA}/environments/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(f"{DATA}/repairs/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(f"{DATA}/fixes/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(DATA, "s3:ListBucket"),
        *own_logs("RepairLogs"),
        *TRACES,
    }


def test_the_starter_may_exactly_start_repairs(account: Assembly) -> None:
    assert account.rights("repairs", "StartRepairRole") == {
        *rights_on(f"{DATA}/sources/*", "s3:GetObject"),
        *rights_on(f"{DATA}/runs/*", "s3:GetObject"),
        *rights_on(f"{DATA}/repairs/*/request.json", "s3:PutObject"),
        *rights_on(DATA, "s3:ListBucket"),
        *rights_on("<RepairFailure>", "states:StartExecution"),
        *rights_on("<StartRepairDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("StartRepairLogs"),
        *TRACES,
    }


def test_the_end_of_a_red_run_and_of_no_other_wakes_the_starter(account: Assembly) -> None:
    [rule] = [
        r["Properties"] for s, _, r in account.resources("AWS::Events::Rule") if s == "repairs"
    ]
    detail = rule["EventPattern"]["detail"]
    assert detail["output"] == [{"wildcard": '*"failed"*'}]
    assert [read(arn) for arn in detail["stateMachineArn"]] == ["<workflows.RunTests>"]


def test_the_machine_is_the_file_with_every_placeholder_replaced(dev: Assembly) -> None:
    [machine] = [
        r["Properties"]
        for s, _, r in dev.resources("AWS::StepFunctions::StateMachine")
        if s == "repairs"
    ]
    definition = json.dumps(machine["DefinitionString"])
    assert placeholders("repair-failure")
    assert "${" not in definition.replace("${AWS::", "")
    assert "testfleet.repair.fleet.worker" in definition
