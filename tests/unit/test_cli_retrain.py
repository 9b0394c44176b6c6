"""`testfleet retrain`: what it learns, what it keeps, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.contracts.failure import Cause
from testfleet.errors import UsageError
from testfleet.triage.model import embedded
from testfleet.triage.model.retraining import FROZEN, read_labelled
from testfleet.triage.model.table import load_table

WORDS = "frobnicator desynchronised"
TEXTS = (f"Error: the {WORDS} at stage 3", f"{WORDS}, giving up", f"FATAL {WORDS}")


@pytest.fixture
def own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model that a test may spoil."""
    file = tmp_path / "words.bin"
    file.write_bytes(embedded.FILE.read_bytes())
    monkeypatch.setattr(embedded, "FILE", file)
    own = embedded.load_embedded
    monkeypatch.setattr(embedded, "load_embedded", lambda path=file: own(path))
    return file


def corrections(folder: Path, cause: str, texts: tuple[str, ...] = TEXTS) -> Path:
    file = folder / "corrections.jsonl"
    rows = [{"text": text, "domain": "general", "cause": cause} for text in texts]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def asked(*args: object) -> dict[str, object]:
    done = CliRunner().invoke(app, ["retrain", *map(str, args), "--json"], catch_exceptions=False)
    return dict(json.loads(done.stdout))


def test_a_correction_is_learnt_and_the_better_model_is_kept(
    own_model: Path, tmp_path: Path
) -> None:
    found = asked(corrections(tmp_path, "race-or-order"))
    assert found["is_promoted"] is True
    assert load_table(own_model).facts.name == found["model"]


def test_what_harms_what_is_known_is_not_kept(own_model: Path, tmp_path: Path) -> None:
    before = own_model.read_bytes()
    known = [one.text for one in read_labelled(FROZEN) if one.cause is Cause.NETWORK]
    found = asked(corrections(tmp_path, "port-conflict", tuple(known)))
    assert found["is_promoted"] is False
    assert own_model.read_bytes() == before


def test_a_line_without_a_label_is_named(own_model: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "x", "domain": "general", "cause": "bad luck"}\n')
    with pytest.raises(UsageError, match=r"bad\.jsonl:1 is no labelled failure"):
        CliRunner().invoke(app, ["retrain", str(file)], catch_exceptions=False)
    assert own_model.exists()


def test_nothing_to_learn_from_is_refused(own_model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to learn from"):
        CliRunner().invoke(
            app, ["retrain", str(corrections(tmp_path, "other", ()))], catch_exceptions=False
        )
    assert own_model.exists()
