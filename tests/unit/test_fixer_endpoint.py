"""Code models over real HTTP: SageMaker's asynchronous protocol, from question to proved patch."""

import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from testfleet.aws.fixer import AsynchronousModels
from testfleet.config import load_models
from testfleet.contracts.chat import MAX_ANSWER_BYTES, ChatMessage, ChatRequest, ChatResponse
from testfleet.contracts.repair import FixStatus
from testfleet.errors import FleetError, UsageError
from testfleet.inference import fixer
from testfleet.local.model_process import (
    BUCKET,
    PREFIX,
    FolderBucket,
    HomeModels,
    models_at_home,
    serve,
)
from testfleet.repair.fix import FixJob, fix
from testfleet.repair.model.conversation import Patience
from testfleet.repair.model.engine import Desk, ModelEngine
from testfleet.repair.project import Project

ASKED = ChatRequest(messages=(ChatMessage(role="user", content="repair it"),))


def answers(*texts):
    return {"choices": [{"message": {"content": text}} for text in texts]}


def canned(says):
    """A handler whose model answers with what `says` returns: bytes as they are, others as JSON."""

    def output_fn(told, _accept):
        return (told if isinstance(told, bytes) else json.dumps(told).encode()), "application/json"

    return SimpleNamespace(
        model_fn=lambda _folder: says,
        input_fn=fixer.input_fn,
        predict_fn=lambda request, model: model(request),
        output_fn=output_fn,
    )


@contextmanager
def asking(folder, says, name="fixer-small"):
    (folder / "models" / name).mkdir(parents=True)
    server = serve(str(folder / "models"), folder / "bucket", [name], lambda _name: canned(says))
    home = HomeModels(server.url, FolderBucket(folder / "bucket"))
    try:
        yield AsynchronousModels(home.client(), home.objects, BUCKET, PREFIX)
    finally:
        server.stop()


def patience(limit_s=20.0):
    return Patience(limit_s, threading.Event())


def test_questions_and_answers_lie_where_sagemaker_puts_them(tmp_path):
    with asking(tmp_path, lambda request: answers(request.messages[0].content.upper())) as ask:
        assert ask("fixer-small", ASKED, patience()).texts == ("REPAIR IT",)
    folder = tmp_path / "bucket" / "inference" / "fixer-small"
    assert sorted(path.name for path in folder.iterdir()) == ["input", "output"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b'{"choices": [{"mess', "no chat completion"),
        (b"I am sorry, Dave", "no chat completion"),
        ({"choices": [{"message": "prose"}]}, r"choices\.0\.message"),
        (b"[" * (MAX_ANSWER_BYTES + 1), "2000001 bytes"),
        (b"[" * 100_000, "no chat completion"),
        (answers(*"abcdefghijklmnopq"), "choices"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path, said, told):
    with asking(tmp_path, lambda _: said) as ask, pytest.raises(FleetError, match=told):
        ask("fixer-small", ASKED, patience())


def test_a_model_that_fails_tells_why_and_one_that_is_not_there_costs_no_waiting(tmp_path):
    def fail(_request):
        raise MemoryError("the model does not fit")

    with asking(tmp_path, fail) as ask:
        with pytest.raises(FleetError, match="failed: MemoryError: the model does not fit"):
            ask("fixer-small", ASKED, patience())
        with pytest.raises(FleetError, match=r"takes no question: .*not found"):
            ask("fixer-large", ASKED, patience())


def test_a_late_answer_and_a_server_that_is_gone_end_in_a_note(tmp_path):
    go = threading.Event()
    with asking(tmp_path, lambda _: go.wait(20) and answers("late")) as ask:
        with pytest.raises(FleetError, match="has not answered within 0 s"):
            ask("fixer-small", ASKED, patience(0.1))
        tired = patience()
        threading.Timer(0.1, tired.given_up.set).start()
        with pytest.raises(FleetError, match="not needed any more"):
            ask("fixer-small", ASKED, tired)
        go.set()
    with pytest.raises(FleetError, match="takes no question"):
        ask("fixer-small", ASKED, patience())


def test_a_request_that_waited_for_too_long_is_not_worked_on(tmp_path):
    with asking(tmp_path, lambda _: answers("late")) as ask:
        ask.objects.put("inference/fixer-small/input/x", ASKED.model_dump_json().encode())
        taken = ask.client.meta.endpoint_url + "/endpoints/home-fixer-small/async-invocations"
        headers = {"X-Amzn-SageMaker-InputLocation": f"s3://{BUCKET}/inference/fixer-small/input/x",
                   "X-Amzn-SageMaker-RequestTTLSeconds": "0"}  # fmt: skip
        with urlopen(Request(taken, b"", headers)) as response:
            failed = urlsplit(response.headers["X-Amzn-SageMaker-FailureLocation"]).path[1:]
        until = time.monotonic() + 20
        while ask.objects.get(failed) is None and time.monotonic() < until:
            time.sleep(0.01)
    assert b"waited for longer" in ask.objects.get(failed)


def test_an_answer_outside_of_the_bucket_is_not_fetched(tmp_path):
    elsewhere = SimpleNamespace(
        invoke_endpoint_async=lambda **_: {"OutputLocation": "s3://other/inference/out"}
    )
    ask = AsynchronousModels(elsewhere, FolderBucket(tmp_path), BUCKET, PREFIX)
    with pytest.raises(FleetError, match="expected s3://models-at-home/"):
        ask("fixer-small", ASKED, patience())


def block(path, search, replace):
    return f"FILE: {path}\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE"


HOSTILE = (
    "The fault is in line 2.",
    block("test_shop.py", "    assert total([1, 2], 1) == 4", "    pass"),
    block("../../etc/cron.d/x", "a", "b"),
    block("shop.py", "    return sum(prices) - tax", "    import os; os._exit(0)"),
    block("shop.py", "    return sum(prices) - tax", "    while True: pass"),
    block("shop.py", "    return sum(prices) - tax", "    return 4"),
    block("shop.py", "    return sum(prices) - tax", "    return sum(prices) + tax"),
)


def test_of_hostile_answers_only_the_repair_that_the_tests_prove_is_left(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "shop.py").write_text("def total(prices, tax):\n    return sum(prices) - tax\n")
    (project / "test_shop.py").write_text(
        "from shop import total\n\n\ndef test_a():\n    assert total([1, 2], 1) == 4\n\n\n"
        "def test_b():\n    assert total([5], 0) == 5\n"
    )
    said = iter(HOSTILE)
    lock = threading.Lock()

    def says(request):
        with lock:
            return answers(*(next(said, "") for _ in range(request.n)))

    with asking(tmp_path, says) as ask:
        engine = ModelEngine(Desk(load_models(), frozenset({"fixer-small"}), ask))
        files = ["shop.py", "test_shop.py"]
        home = Project(root=project, files=files, python=sys.executable, env=dict(os.environ))
        report = fix(FixJob(home, [engine], budget_s=60.0)).report
    assert report.status is FixStatus.FIXED
    assert (report.engine, report.template) == ("model", "deepseek-coder-1.3b")
    assert "+    return sum(prices) + tax" in report.patch and report.files == ("shop.py",)
    assert report.cost > 0 and "an edit of a test (1)" in report.reason


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"{", "application/json", "no request"),
        (b'{"messages": []}', "application/json", "messages"),
        (b'{"messages": [{"role": "user", "content": "x"}], "n": 99}', "application/json", "n: "),
        (ASKED.model_dump_json().encode(), "text/plain", "expected application/json"),
    ],
)
def test_the_handler_refuses_what_is_no_question(body, kind, told):
    with pytest.raises(UsageError, match=told):
        fixer.input_fn(body, kind)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"expected one \.gguf file, or config\.json"):
        fixer.model_fn(str(tmp_path))


def test_the_handler_writes_what_the_client_reads():
    class Writer:
        def write(self, request):
            return ChatResponse.model_validate(answers("a" * request.n))

    request = fixer.input_fn(ASKED.model_dump_json().encode(), "application/json; charset=utf-8")
    body, kind = fixer.output_fn(fixer.predict_fn(request, Writer()), "text/csv")
    assert kind == "application/json"
    assert ChatResponse.model_validate_json(body).texts == ("a",)


def test_a_process_beside_the_command_serves_and_ends_with_it(tmp_path):
    (tmp_path / "fixer-small").mkdir()
    with models_at_home(str(tmp_path), ["fixer-small"]) as home:
        ask = AsynchronousModels(home.client(), home.objects, BUCKET, PREFIX)
        with pytest.raises(FleetError, match=r"expected one \.gguf file"):
            ask("fixer-small", ASKED, patience())
    began = time.monotonic()
    with pytest.raises(FleetError, match="takes no question"):
        ask("fixer-small", ASKED, patience())
    assert time.monotonic() - began < 15
