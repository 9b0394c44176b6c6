"""Stands in for SageMaker's asynchronous endpoints, which the embedded AWS lacks.

It speaks InvokeEndpointAsync: a request names where its input lies, 202 tells where the answer will
lie and where the reason if there is none, and SNS announces the end, good or bad, in SageMaker's
own words. The model is loaded and called by the code that the container runs. Reached by
`AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME`.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from testfleet.inference import classifier
from testfleet.local.model_handlers import Handler, Served, handler_of, name_of
from testfleet.local.network import HOST

_ASYNC: Final = re.compile(r"/endpoints/(?P<name>[A-Za-z0-9-]{1,63})/async-invocations\Z")
_AT_ONCE: Final = 4
"""As `stacks/endpoint.py` has it for an instance."""
_MAX_REASON: Final = 500
_MOST_WAITING_S: Final = 6 * 3600.0
_STOP_POLL_S: Final = 0.05
_log = logging.getLogger(__name__)


class Storage(Protocol):
    """The bucket that inputs and answers lie in."""

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write the object."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What the server works with."""

    storage: Storage
    bucket: str
    announce: Callable[[bool, str], None]
    """Publishes a message on the topic of good (True) or bad ends."""


@dataclass
class ModelServer:
    """Endpoints by name, served on a free port of the loopback address."""

    around: Callable[[], Surroundings | None]
    """None until the application is deployed."""
    models: Mapping[str, str]
    """Endpoint name to the folder of its model."""
    handlers: Callable[[str], Handler] = handler_of
    _server: ThreadingHTTPServer = field(init=False)
    _workers: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._predictors = {
            endpoint: Served(self.handlers(name_of(endpoint)), path)
            for endpoint, path in self.models.items()
        }
        for served in self._predictors.values():
            if served.handler is classifier:  # A run waits for its answer for seconds only.
                served.model()
        self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="model")
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve until `stop`."""
        threading.Thread(
            target=self._server.serve_forever, args=(_STOP_POLL_S,), name="models", daemon=True
        ).start()

    def stop(self) -> None:
        """Take no more requests, and end those that go on."""
        self._server.shutdown()
        self._server.server_close()
        self._workers.shutdown(wait=True, cancel_futures=True)

    def accept(self, name: str, headers: Mapping[str, str]) -> Answer:
        """Take a request, as the API does: wrong ones at once, the others whenever it comes to
        them. Names of headers are in small letters."""
        around = self.around()
        if name not in self._predictors or around is None:
            return _refused(f"Endpoint {name} of account not found.")
        place = urlsplit(headers.get("x-amzn-sagemaker-inputlocation", ""))
        if place.scheme != "s3" or place.netloc != around.bucket:
            return _refused(f"InputLocation must be in s3://{around.bucket}/")
        inference = headers.get("x-amzn-sagemaker-inference-id") or str(uuid.uuid4())
        folder, number = f"inference/{name_of(name)}", uuid.uuid4()
        output, failed = f"{folder}/output/{number}.out", f"{folder}/failed/{number}-error.out"
        kind = headers.get("x-amzn-sagemaker-content-type", "")
        key = place.path.lstrip("/")
        until = time.monotonic() + _seconds(headers.get("x-amzn-sagemaker-requestttlseconds"))
        job = _Job(
            around, name, inference, key=key, output=output, failed=failed, kind=kind, until=until
        )
        self._workers.submit(self._work, job)
        told = {
            "X-Amzn-SageMaker-OutputLocation": f"s3://{around.bucket}/{output}",
            "X-Amzn-SageMaker-FailureLocation": f"s3://{around.bucket}/{failed}",
        }
        return Answer(202, {"InferenceId": inference}, told)

    def _work(self, job: _Job) -> None:
        try:
            self._infer(job)
        except Exception as exc:  # noqa: BLE001  a container that fails answers for every error
            _log.warning("inference %s failed: %s", job.inference, exc)
            reason = f"{type(exc).__name__}: {exc}"[:_MAX_REASON]
            job.around.storage.put(job.failed, reason.encode())
            self._tell(job, reason)
        else:
            self._tell(job, None)

    def _infer(self, job: _Job) -> None:
        if time.monotonic() > job.until:
            raise TimeoutError("the request waited for longer than it was to")
        body = job.around.storage.get(job.key)
        if body is None:
            raise FileNotFoundError(job.key)
        served = self._predictors[job.endpoint]
        request = served.handler.input_fn(body, job.kind)
        response = served.handler.predict_fn(request, served.model())
        answer, _ = served.handler.output_fn(response, classifier.JSON)
        job.around.storage.put(job.output, answer)

    def _tell(self, job: _Job, failure: str | None) -> None:
        message: dict[str, Any] = {
            "awsRegion": "us-east-1",
            "eventTime": datetime.now(UTC).isoformat(),
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
            "inferenceId": job.inference,
            "invocationStatus": "Failed" if failure else "Completed",
            "requestParameters": {
                "endpointName": job.endpoint,
                "inputLocation": f"s3://{job.around.bucket}/{job.key}",
            },
        }
        if failure:
            message["failureReason"] = failure
        else:
            place = f"s3://{job.around.bucket}/{job.output}"
            message["responseParameters"] = {
                "contentType": classifier.JSON,
                "outputLocation": place,
            }
        job.around.announce(failure is None, json.dumps(message))


@dataclass(frozen=True)
class Answer:
    """What the API answers at once."""

    status: int
    body: dict[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Job:
    around: Surroundings
    endpoint: str
    inference: str
    key: str
    output: str
    failed: str
    kind: str
    """Content type."""
    until: float
    """By `time.monotonic`: a request that has waited for longer is not worked on."""


def _seconds(header: str | None) -> float:
    """What a request may wait; SageMaker's own limit where it does not say, or nothing sensible."""
    text = header or ""
    return float(text) if text.isascii() and text.isdigit() else _MOST_WAITING_S


def _refused(message: str) -> Answer:
    kind = "ValidationError"
    return Answer(400, {"Code": kind, "Message": message}, {"x-amzn-ErrorType": kind})


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = _ASYNC.match(urlsplit(self.path).path)
            if path is None:
                self._send(_refused(f"{self.path[:200]}: expected an asynchronous invocation"))
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._send(server.accept(path["name"], headers))

        def _send(self, answer: Answer) -> None:
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The fleet's log is for what matters."""

    return Handler
