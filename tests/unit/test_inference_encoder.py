"""The encoder as far as it goes without torch, and the program that trains it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from testfleet.contracts.failure import Cause, Domain
from testfleet.contracts.inference import InferenceRequest
from testfleet.errors import UsageError
from testfleet.inference.classifier import model_fn
from testfleet.inference.encoder import CARD, CAUSES, DOMAINS, is_encoder, load_encoder
from testfleet.inference.training import Settings, read_labelled, train

TRAIN = Path(__file__).parents[2] / "sagemaker" / "classifier" / "train.py"


def test_a_folder_without_a_card_is_served_by_what_the_package_brings(tmp_path: Path) -> None:
    assert not is_encoder(tmp_path)
    request = InferenceRequest(texts=("Error: listen EADDRINUSE: address already in use :::3000",))
    answer = model_fn(str(tmp_path)).predict(request).answers[0]
    assert answer is not None
    assert (answer.domain, answer.cause) == (Domain.GENERAL, Cause.PORT_CONFLICT)


def test_a_model_with_other_labels_is_refused(tmp_path: Path) -> None:
    card = {"name": "old", "temperature": 1.0, "domains": ["web"], "causes": ["bug"]}
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(UsageError, match="other labels"):
        load_encoder(tmp_path)


def test_heads_have_a_place_for_each_label() -> None:
    assert (tuple(Domain), tuple(Cause)) == (DOMAINS, CAUSES)


def test_a_bad_line_of_training_data_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "a", "domain": "test", "cause": "timeout"}\n{"text": "b"}\n')
    with pytest.raises(UsageError, match=r"data\.jsonl:2 is no labelled failure"):
        read_labelled(file)


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        train(None, [], Settings())  # type: ignore[arg-type]


def test_the_training_program_says_what_it_needs() -> None:
    done = subprocess.run([sys.executable, TRAIN], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--data is needed outside a SageMaker job" in done.stderr
