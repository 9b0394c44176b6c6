"""A model comes into use only if a training job has measured that it is better."""

import json

import pytest
from botocore.stub import ANY, Stubber

from testfleet.aws import clients
from testfleet.aws.models import SageMakerModels
from testfleet.contracts.failure import (
    Cause,
    Classification,
    Domain,
    EvidenceLine,
    FailureCluster,
)
from testfleet.contracts.report import RunReport
from testfleet.errors import FleetError
from testfleet.workflow.confidence import Doubts, doubts, embedded_metrics
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.retraining import (
    CORRECTIONS_KEY,
    Retraining,
    job_name,
)

FIRST = "s3://models/classifier/model.tar.gz"
NEWER = "s3://models/classifier/trained/retrain-1/output/model.tar.gz"
LINE = b'{"text": "x", "domain": "test", "cause": "other"}\n'


class Registry:
    def __init__(self):
        self.served = [FIRST]

    def promote(self, archive, version):
        self.served.append(archive)


@pytest.fixture
def work():
    return Retraining(InMemoryObjects(), Registry(), FIRST)


def measured(new, current):
    marks = {"new_domain": 0.9, "new_both": new, "current_domain": 0.9, "current_both": current}
    return [{"MetricName": name, "Value": value, "Timestamp": 1} for name, value in marks.items()]


def trained(metrics):
    return {"job": "retrain-1", "learnt": "a1", "archive": NEWER, "metrics": metrics}


@pytest.mark.parametrize(("count", "is_worth"), [(0, False), (19, False), (20, True)])
def test_a_few_corrections_are_worth_no_training(work, count, is_worth):
    work.objects.put(CORRECTIONS_KEY, LINE * count)

    assert work.prepare("one")["is_worth"] is is_worth


def test_what_the_model_in_use_has_learnt_is_not_learnt_again(work):
    work.objects.put(CORRECTIONS_KEY, LINE * 30)
    first = work.prepare("one")
    better = work.judge(trained(measured(0.9, 0.8)) | {"learnt": first["learnt"]})
    work.promote(better)

    again = work.prepare("two")

    assert (first["current"], again["current"]) == (FIRST, NEWER)
    assert not again["is_worth"]


@pytest.mark.parametrize(
    ("new", "current", "is_better"), [(0.91, 0.9, True), (0.9, 0.9, False), (0.8, 0.9, False)]
)
def test_only_a_better_model_is_promoted(work, new, current, is_better):
    assert work.judge(trained(measured(new, current)))["is_better"] is is_better


def test_a_model_that_nobody_measured_is_never_used(work):
    with pytest.raises(FleetError, match="did not measure current_both"):
        work.judge(trained(measured(1, 0)[:3]))


def test_a_job_has_a_name_that_sagemaker_takes():
    names = [job_name(each) for each in ("a_b:c", "x" * 80, "daily-1")]

    assert all(name.replace("-", "").isalnum() and len(name) <= 63 for name in names)


def test_an_endpoint_gets_a_new_model_under_its_old_settings(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = clients.session().client("sagemaker", region_name="eu-central-1")
    old = {"ModelName": "old", "VariantName": "AllTraffic", "InitialInstanceCount": 1}
    config = {"EndpointConfigName": "c", "EndpointConfigArn": ARN, "CreationTime": 1}
    with Stubber(client) as told:
        told.add_response("describe_endpoint", ENDPOINT, {"EndpointName": "fleet"})
        told.add_response("describe_endpoint_config", config | {"ProductionVariants": [old]}, ANY_)
        told.add_response("describe_model", MODEL, {"ModelName": "old"})
        made = {"Image": "i", "ModelDataUrl": NEWER}
        wanted = {"ModelName": "fleet-v2", "PrimaryContainer": made, "ExecutionRoleArn": ROLE}
        told.add_response("create_model", {"ModelArn": ARN}, wanted)
        variants = [old | {"ModelName": "fleet-v2"}]
        wanted = {"EndpointConfigName": "fleet-v2", "ProductionVariants": variants}
        told.add_response("create_endpoint_config", {"EndpointConfigArn": ARN}, wanted)
        wanted = {"EndpointName": "fleet", "EndpointConfigName": "fleet-v2"}
        told.add_response("update_endpoint", {"EndpointArn": ARN}, wanted)

        SageMakerModels(client, "fleet").promote(NEWER, "v2")

        told.assert_no_pending_responses()


ARN = "arn:aws:sagemaker:eu-central-1:000000000000:thing/of-a-test"
ROLE = "arn:aws:iam::000000000000:role/of-a-test"
ANY_ = {"EndpointConfigName": ANY}
ENDPOINT = {
    "EndpointName": "fleet",
    "EndpointArn": ARN,
    "EndpointConfigName": "c",
    "EndpointStatus": "InService",
    "CreationTime": 1,
    "LastModifiedTime": 1,
}
MODEL = {
    "ModelName": "old",
    "ModelArn": ARN,
    "CreationTime": 1,
    "ExecutionRoleArn": ROLE,
    "PrimaryContainer": {"Image": "i", "ModelDataUrl": FIRST},
}


def test_doubts_are_averages_over_the_clusters_of_a_run():
    report = RunReport.model_construct(
        clusters=(
            cluster("AssertionError: assert 1 == 2", Domain.TEST, 0.9),
            cluster("error TS2322: Type 'a' is not assignable to type 'b'.", Domain.GENERAL, 0.5),
            cluster("pinned", Domain.TEST, 1.0, model="override"),
        )
    )

    assert doubts(report) == Doubts(confidence=0.7, agreement=0.5)
    assert doubts(RunReport.model_construct(clusters=())) is None


def cluster(line, domain, confidence, model="embedded-1"):
    classification = Classification(
        domain=domain,
        cause=Cause.OTHER,
        confidence=confidence,
        model=model,
        evidence=(EvidenceLine(line=1, text=line),),
    )
    return FailureCluster.model_construct(title=line, classification=classification)


def test_metrics_are_a_line_that_cloudwatch_reads():
    line = json.loads(embedded_metrics(Doubts(0.8125, 1.0), "dev", 5))

    [asked] = line["_aws"]["CloudWatchMetrics"]
    named = [each["Name"] for each in asked["Metrics"]]
    assert [line[name] for name in named] == [0.8125, 1.0]
    assert line[asked["Dimensions"][0][0]] == "dev"
