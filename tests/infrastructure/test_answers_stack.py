from __future__ import annotations

from tests.infrastructure.templates import TRACES, Assembly, own_logs, read, rights_on


def test_good_and_bad_ends_of_inferences_reach_the_function(account: Assembly) -> None:
    found = [r["Properties"] for _, _, r in account.resources("AWS::SNS::Subscription")]

    heard = {
        read(each["TopicArn"])
        for each in found
        if each["Protocol"] == "lambda" and "ModelAnswer" in read(each["Endpoint"])
    }

    assert heard == {"<TopicsSuccess>", "<TopicsError>"}


def test_the_function_may_exactly_read_tokens_and_give_them_back(account: Assembly) -> None:
    data, machine = "<storage.Data.Arn>", "<workflows.RunTests>"
    tokens = ("states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat")

    assert account.rights("answers", "ModelAnswerRole") == {
        *rights_on(f"{data}/inference/classifier/waiting/*", "s3:GetObject"),
        *rights_on(f"{data}/inference/classifier/answered/*", "s3:PutObject"),
        *rights_on(data, "s3:ListBucket"),
        *rights_on(machine, *tokens),
        *rights_on("<ModelAnswerDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("ModelAnswerLogs"),
        *TRACES,
    }
