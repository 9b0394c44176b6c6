"""Code models beside one command: a process that serves them, and a folder for a bucket.

`testfleet fix` needs no fleet, so it brings its own stand-in for SageMaker's endpoints when
`TESTFLEET_MODELS` names a folder. A process of its own, because a model takes memory and cores
that candidates are not to miss, and because it can be ended in the middle of a word.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from testfleet.config import ROOT
from testfleet.errors import FleetError, TestfleetError
from testfleet.local.environment import plain_environment
from testfleet.local.model_handlers import Handler, handler_of
from testfleet.local.model_server import ModelServer, Surroundings
from testfleet.local.models import model_folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

BUCKET: Final = "models-at-home"
PREFIX: Final = "home"
_ANY_REGION: Final = "us-east-1"
_NICE: Final = 10
"""What a candidate's tests are given is measured in seconds: they go first."""
_END_S: Final = 5


@dataclass(frozen=True)
class FolderBucket:
    """Objects as files."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None."""
        try:
            return (self.folder / key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, body: bytes) -> None:
        """Write the object whole: who looks for it sees all of it or nothing."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.{uuid4().hex}")
        half.write_bytes(body)
        half.replace(path)


@dataclass(frozen=True)
class HomeModels:
    """A server that runs, as its client sees it."""

    url: str
    objects: FolderBucket

    def client(self) -> SageMakerRuntimeClient:
        """SageMaker's own client, led to the server; the keys open nothing."""
        import boto3  # noqa: PLC0415  takes a second to import
        from botocore.config import Config  # noqa: PLC0415

        quick = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1})
        return boto3.Session().client(
            "sagemaker-runtime",
            endpoint_url=self.url,
            region_name=_ANY_REGION,
            aws_access_key_id=PREFIX,
            aws_secret_access_key=PREFIX,
            config=quick,
        )


@contextmanager
def models_at_home(folder: str, names: Sequence[str]) -> Iterator[HomeModels]:
    """Serve the models that the folder has, until the end of the block. Raises FleetError."""
    with tempfile.TemporaryDirectory(prefix="testfleet-models-") as bucket:
        command = [sys.executable, "-m", "testfleet.local.model_process", "--models", folder]
        command += ["--bucket", bucket, *names]
        process = subprocess.Popen(
            command, cwd=ROOT, env=plain_environment(os.environ), start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101  it is a pipe
        try:
            url = process.stdout.readline().decode().strip()
            if not url.startswith("http://"):
                raise FleetError(f"the models of {folder} cannot be served: {url or 'no reason'}")
            yield HomeModels(url, FolderBucket(Path(bucket)))
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_END_S)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def serve(
    folder: str,
    bucket: Path,
    names: Sequence[str],
    handlers: Callable[[str], Handler] = handler_of,
) -> ModelServer:
    """A started server whose answers are files below `bucket`; nobody is notified."""
    around = Surroundings(FolderBucket(bucket), BUCKET, lambda _good, _message: None)
    models = {f"{PREFIX}-{name}": path for name, path in model_folders(folder, names).items()}
    server = ModelServer(lambda: around, models, handlers)
    server.start()
    return server


def main() -> int:
    """Serve until the one who started us is gone."""
    parser = argparse.ArgumentParser(prog="testfleet.local.model_process")
    parser.add_argument("--models", required=True)
    parser.add_argument("--bucket", type=Path, required=True)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    os.nice(_NICE)
    try:
        server = serve(options.models, options.bucket, options.names)
    except TestfleetError as exc:
        print(exc, flush=True)  # noqa: T201  the parent reads it
        return exc.exit_code
    print(server.url, flush=True)  # noqa: T201  the parent reads it
    # The pipe ends with the parent, however that ends.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
