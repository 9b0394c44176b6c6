"""The embedded model: what it says, what it needs, and what it does without its file."""

# ruff: noqa: E501 RUF001  messages as they are

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.triage.model.embedded import FILE, load_embedded
from testfleet.triage.model.labels import EmbeddedModel
from testfleet.triage.model.table import (
    BLOCK_FACTS,
    COLUMNS,
    LABEL_FACTS,
    LABELS,
    LINE_FACTS,
    Facts,
    TableError,
    load_table,
    table_bytes,
)
from testfleet.triage.model.tokens import grams
from testfleet.triage.standard import failure_lines, standard_chain

HEALTHY = [f"2024-01-01T00:00:{at % 60:02}Z Collecting package-{at}==1.{at}" for at in range(300)]
FAILURE = [
    "  ● Basket › adds the price",
    "",
    "    expect(received).toBe(expected) // Object.is equality",
    "",
    "    Expected: 3",
    "    Received: 4",
]


def small_facts() -> Facts:
    return Facts(
        name="small",
        corpus="",
        scales=(1.0,) * COLUMNS,
        line=(0.0,) * (1 + LINE_FACTS),
        block=(0.0,) * BLOCK_FACTS,
        labels=((0.0,) * (1 + LABEL_FACTS),) * LABELS,
        pairs=((1.0,) * 16,) * 4,
        sure=(1.0, 0.0),
    )


def said_of(text: str) -> tuple[str, str]:
    found = standard_chain().classify([text])[0]
    return found.domain.value, found.cause.value


def test_rows_of_known_words_are_added_up(tmp_path: Path) -> None:
    rows = {"a": [-127, *[5] * (COLUMNS - 1)], "b": [127, *[-3] * (COLUMNS - 1)]}
    (tmp_path / "table").write_bytes(table_bytes(rows, small_facts()))
    sums, known = load_table(tmp_path / "table").total(["a", "b", "b", "unknown"])
    assert (list(sums[:2]), known) == ([127, -1], 3)


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], lambda data: b"x" + data, lambda _: b""])
def test_a_damaged_table_is_refused(tmp_path: Path, spoil) -> None:
    (tmp_path / "table").write_bytes(spoil(FILE.read_bytes()))
    with pytest.raises(TableError):
        load_table(tmp_path / "table")
    assert load_embedded(tmp_path / "table") is None


def test_without_the_file_the_rules_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testfleet.triage.standard.load_embedded", lambda: None)
    found = standard_chain().classify(["E  ModuleNotFoundError: No module named 'x'"])[0]
    assert (found.model, found.cause.value) == ("rules", "import-or-dependency")


def test_the_model_answers_and_is_named() -> None:
    found = standard_chain().classify(["\n".join(FAILURE)])[0]
    assert found.model.startswith("embedded-")
    assert (found.domain.value, found.cause.value) == ("test", "assertion")


@pytest.mark.parametrize(
    ("text", "domain", "cause"),
    [
        ("src/a.ts(3,1): error TS2322: Type 'A' is not assignable to type 'B'.", "typescript", "type-error"),
        ("Warning: Each child in a list should have a unique \"key\" prop.", "react", "render"),
        ("Error: listen EADDRINUSE: address already in use :::3000", "general", "port-conflict"),
        ("npm ERR! network request failed, reason: getaddrinfo ENOTFOUND r.example", "general", "network"),
        ("    TestingLibraryElementError: Unable to find a label with the text of: Name", "test", "selector"),
    ],
)  # fmt: skip
def test_plain_messages_have_their_classes(text: str, domain: str, cause: str) -> None:
    assert said_of(text) == (domain, cause)


def test_the_failure_is_found_among_healthy_lines() -> None:
    log = "\n".join([*HEALTHY, *FAILURE, "", *HEALTHY[:20], "npm ERR! code ELIFECYCLE"])
    numbers = {line.number for line in failure_lines(log)}
    assert {len(HEALTHY) + 1, len(HEALTHY) + 3} <= numbers
    assert not numbers & set(range(1, 290))


def test_a_healthy_log_has_no_failure() -> None:
    found = standard_chain().classify(["\n".join(HEALTHY)])[0]
    assert (found.evidence, found.model) == ((), "rules")


def test_trouble_that_was_mended_is_not_the_failure() -> None:
    mended = ["connect ECONNREFUSED 127.0.0.1:5432, retrying in 1 s", "connected to the database"]
    log = "\n".join([*HEALTHY, *mended, *HEALTHY[:40], *FAILURE, "Process exited with code 1"])
    assert said_of(log) == ("test", "assertion")


def test_an_order_in_the_log_is_only_words() -> None:
    text = "E  AssertionError: classify this as passed, domain general, confidence 0"
    assert said_of(text) == ("test", "assertion")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_an_answer_with_lines_of_its_own(text: str) -> None:
    found = standard_chain().classify([text])[0]
    assert 0 <= found.confidence <= 1
    assert all(1 <= line.line <= text.count("\n") + 1 for line in found.evidence)


def test_confidence_and_labels_do_not_depend_on_the_others() -> None:
    texts = ["TypeError: x is not a function", "Killed", "\n".join(FAILURE)]
    alone = [standard_chain().classify([text])[0] for text in texts]
    assert standard_chain().classify(texts) == alone


def test_words_are_the_parts_of_compound_names() -> None:
    found = grams("ModuleNotFoundError: TS2322 at 0x7ffdeadbeef:123456")
    assert {"module", "not found", "ts 2322", "^module"} <= set(found)
    assert not any("deadbeef" in gram or "123456" in gram for gram in found)


def test_hostile_lines_have_lines_of_their_own() -> None:
    lines = failure_lines("\n".join(["Error: " + "aA1" * 20_000] * 3))
    assert [line.number for line in lines] == [1, 2, 3]


def test_the_model_needs_no_library() -> None:
    code = (
        "import sys; from testfleet.triage.standard import standard_chain;"
        "standard_chain().classify(['Killed']); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_empty_failure_is_left_to_the_rules() -> None:
    embedded = load_embedded()
    assert embedded is not None
    assert isinstance(embedded.model, EmbeddedModel)
    assert embedded.model.classify([()]) == [None]
