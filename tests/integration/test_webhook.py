"""A code host's push, from the HTTP API to the report, on the embedded AWS."""

import http.server
import io
import json
import sys
import sysconfig
import tarfile
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.contracts.report import RunReport
from tests.webhook_samples import http_event, push_payload

HOME = sysconfig.get_path("purelib")
# The environment borrows this one's packages: nothing is downloaded.
LINK = (
    "import pathlib, site; "
    f'pathlib.Path(site.getsitepackages()[0], "home.pth").write_text("{HOME}")'
)
FILES = {
    "testfleet.toml": f"[environment]\npython = '{sys.executable}'\n"
    f"setup = ['''python -c '{LINK}'''']\n",
    "tests/test_shop.py": "def test_sum():\n    assert 1 + 1 == 2\n",
}


def make_tarball():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in FILES.items():
            info = tarfile.TarInfo(f"octo-shop-a1b2c3d/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def code_host():
    """A server that stands in for the code host's API; yields its address."""
    body = make_tarball()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path.startswith("/repos/octo/shop/tarball/") else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def key(fleet, code_host):
    """The webhook's key; its function asks the stand-in for the code host."""
    functions = clients.session().client("lambda")
    (name,) = (
        one["FunctionName"]
        for one in functions.list_functions()["Functions"]
        if one["FunctionName"].endswith("-webhook")
    )
    environment = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = environment["Variables"] | {"CODE_HOST_API": code_host}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    secret = clients.secretsmanager().get_secret_value(SecretId=fleet.outputs["WebhookSecret"])
    yield secret["SecretString"].encode()
    functions.update_function_configuration(FunctionName=name, Environment=environment)


@pytest.fixture
def executions(fleet):
    return StepFunctionsExecutions(clients.stepfunctions(), fleet.outputs["StateMachineArn"])


def send(fleet, event):
    """Deliver as a code host does; returns status and answer."""
    api = fleet.outputs["WebhookApi"]
    request = urllib.request.Request(
        f"{fleet.endpoint_url}/_aws/execute-api/{api}/$default/webhook",
        data=event["body"].encode(),
        headers=event["headers"],
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as exc:
        return exc.code, json.load(exc)


def push(delivery, **changes):
    now = datetime.now(UTC)
    repository = {"full_name": "octo/shop", "pushed_at": int(now.timestamp()), "at": str(now)}
    return push_payload(**{"repository": repository, "delivery": delivery} | changes)


def wait_for_end(executions, run_id):
    deadline = time.monotonic() + 90
    while (state := executions.state(run_id)) == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.1)
    return state


def test_a_push_is_tested_to_its_report_and_a_redelivery_starts_no_second_run(
    fleet, key, executions
):
    event = http_event(push("first-delivery"), key=key, **{"x-github-delivery": "first-delivery"})
    status, answer = send(fleet, event)
    assert status == 202
    assert wait_for_end(executions, answer["run_id"]) == "SUCCEEDED"
    assert send(fleet, event)[0] == 200
    objects = S3ObjectStore(clients.s3(), fleet.outputs["DataBucket"])
    report = RunReport.model_validate_json(objects.get(f"runs/{answer['run_id']}/report.json"))
    assert report.errors == ()
    assert [(test.id, test.outcome) for test in report.tests] == [
        ("tests/test_shop.py::test_sum", "passed")
    ]
    assert (report.repository, report.commit) == ("octo/shop", "a1" * 20)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (http_event(push("forged-delivery"), key=b"a guess"), 401),
        (http_event(b"x" * (1024 * 1024 + 1), key=b"a guess"), 413),
    ],
)
def test_what_nobody_may_ask_for_starts_nothing(fleet, key, executions, event, status):
    def count():
        arn = fleet.outputs["StateMachineArn"]
        return len(executions.client.list_executions(stateMachineArn=arn)["executions"])

    before = count()
    assert send(fleet, event)[0] == status
    assert count() == before
