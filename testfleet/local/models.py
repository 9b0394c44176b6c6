"""The model server of a fleet on this machine: started when `TESTFLEET_MODELS` names a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError

from testfleet.config import load_environment, load_models
from testfleet.errors import UsageError
from testfleet.local.environment import MODELS_VARIABLE
from testfleet.local.home import FleetHome
from testfleet.local.info import FleetInfo
from testfleet.local.model_server import ModelServer, Surroundings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

SERVER_VARIABLE: Final = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"


@dataclass(frozen=True)
class Deployed:
    """What the application's stacks have made for models."""

    home: FleetHome

    def __call__(self) -> Surroundings | None:
        """Bucket and topics; None until they are there."""
        info = FleetInfo.load(self.home.info)
        return around(info.outputs) if info else None


@dataclass(frozen=True)
class _Bucket:
    name: str

    def get(self, key: str) -> bytes | None:
        try:
            return _s3().get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError:
            return None

    def put(self, key: str, body: bytes) -> None:
        _s3().put_object(Bucket=self.name, Key=key, Body=body)


@cache
def _s3() -> S3Client:
    """One for all threads of the server: clients are safe to share, making them is not."""
    return boto3.Session().client("s3")


@cache
def _sns() -> SNSClient:
    return boto3.Session().client("sns")


def around(outputs: Mapping[str, str]) -> Surroundings:
    """Bucket and topics of a fleet, by the outputs of its stacks. The environment says where."""
    topics = {True: outputs["InferenceSuccessTopic"], False: outputs["InferenceErrorTopic"]}

    def announce(good: bool, message: str) -> None:  # noqa: FBT001  what Surroundings calls
        _sns().publish(TopicArn=topics[good], Message=message)

    bucket = outputs["DataBucket"]
    _s3(), _sns()
    return Surroundings(_Bucket(bucket), bucket, announce)


def model_server(home: FleetHome, environ: Mapping[str, str]) -> ModelServer | None:
    """A server for the models of the folder that the environment names. Raises UsageError."""
    folder = environ.get(MODELS_VARIABLE)
    if not folder:
        return None
    prefix, names = load_environment("local").prefix, served_names()
    found = model_folders(folder, names)
    if not found:
        raise UsageError(
            f"{MODELS_VARIABLE} is {folder!r}: expected a folder with one of {', '.join(names)}",
            hint="unset it to go without models",
        )
    return ModelServer(Deployed(home), {f"{prefix}-{name}": path for name, path in found.items()})


def served_names() -> list[str]:
    """Endpoints that a server on this machine can stand in for."""
    return ["classifier", *(model.endpoint for model in load_models().models.values())]


def model_folders(folder: str, names: Sequence[str]) -> dict[str, str]:
    """Those of the models that the folder has, with the folder of each."""
    return {name: str(Path(folder, name)) for name in names if Path(folder, name).is_dir()}
