"""Steps of the workflow `retrain-classifier`: what is learnt, whether it is better, its promotion.

A person adds lines {"text", "domain", "cause"} to `classifier/training/corrections.jsonl`. A
training job learns them beside the made data and measures the new model and the current one on the
same failures, which take no part in training. Only a model that is better comes into use.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from testfleet.errors import FleetError
from testfleet.workflow.ports import ObjectStore

CORRECTIONS_KEY: Final = "classifier/training/corrections.jsonl"
LEARNT_KEY: Final = "classifier/learnt.json"
"""Which corrections the model in use has learnt."""
LEAST: Final = 20
"""Corrections that are worth a training job."""
_METRICS: Final = ("new_domain", "new_both", "current_domain", "current_both")
_LONGEST_NAME: Final = 63
"""Of a training job."""
_LONGEST_CAUSE: Final = 4_000

StepAnswer = dict[str, Any]


class ModelRegistry(Protocol):
    """Which model an endpoint serves."""

    def promote(self, archive: str, version: str) -> None:
        """Let the endpoint serve the model of an archive. Raises FleetError."""
        ...


@dataclass(frozen=True)
class Retraining:
    """The steps, each to be repeated without harm."""

    objects: ObjectStore
    registry: ModelRegistry
    first_model: str
    """Archive of the model that the endpoint was made with."""

    def prepare(self, execution: str) -> StepAnswer:
        """Whether there are enough corrections that the model in use does not know."""
        corrections = self.objects.get(CORRECTIONS_KEY) or b""
        learnt = hashlib.sha256(corrections).hexdigest()
        count = sum(1 for line in corrections.splitlines() if line.strip())
        known = json.loads(self.objects.get(LEARNT_KEY) or b"{}")
        is_worth = count >= LEAST and known.get("corrections") != learnt
        return {
            "job": job_name(execution),
            "learnt": learnt,
            "current": known.get("model", self.first_model),
            "corrections": count,
            "is_worth": is_worth,
        }

    def judge(self, trained: Mapping[str, Any]) -> StepAnswer:
        """Whether the new model is better, by what the training job measured of both.

        Raises FleetError when the job did not measure: a model that nobody judged is never used.
        """
        marks = read_marks(trained["metrics"])
        better = (
            marks["new_both"] > marks["current_both"]
            and marks["new_domain"] >= marks["current_domain"]
        )
        self._record(trained["job"], {"marks": marks, "is_better": better})
        return {
            "job": trained["job"],
            "learnt": trained["learnt"],
            "archive": trained["archive"],
            "is_better": better,
            "marks": marks,
        }

    def promote(self, better: Mapping[str, Any]) -> StepAnswer:
        """Put the model in use, then remember what it has learnt."""
        self.registry.promote(better["archive"], better["job"])
        known = {"corrections": better["learnt"], "model": better["archive"]}
        self.objects.put(LEARNT_KEY, json.dumps(known).encode())
        return {"job": better["job"], "is_promoted": True}

    def record_failure(self, execution: str, error: Mapping[str, Any]) -> StepAnswer:
        """Keep why nothing came of it."""
        cause = str(error.get("Cause", ""))[:_LONGEST_CAUSE]
        self._record(execution, {"error": str(error.get("Error", "")), "cause": cause})
        return {"is_promoted": False}

    def _record(self, name: str, found: Mapping[str, Any]) -> None:
        self.objects.put(f"classifier/retraining/{name}.json", json.dumps(found).encode())


def job_name(execution: str) -> str:
    """A training job's name that one execution always has: letters, digits and hyphens."""
    clean = re.sub(r"[^A-Za-z0-9-]+", "-", execution).strip("-")
    if len(clean) > _LONGEST_NAME - len("retrain-"):
        clean = hashlib.sha256(execution.encode()).hexdigest()[:32]
    return f"retrain-{clean}"


def read_marks(metrics: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Shares of right answers, by name. Raises FleetError naming what is missing."""
    found = {str(one.get("MetricName")): float(one.get("Value", 0.0)) for one in metrics}
    missing = [name for name in _METRICS if name not in found]
    if missing:
        raise FleetError(
            f"the training job did not measure {', '.join(missing)}",
            hint="its log tells why: it needs the channels frozen and current",
        )
    return {name: found[name] for name in _METRICS}
