"""How sure the classifier was of a run's failures, as metrics that alarms watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.report import RunReport
from testfleet.triage.classify import Chain

NAMESPACE: Final = "Testfleet"
_PINNED: Final = "override"


@dataclass(frozen=True)
class Doubts:
    """Averages over the clusters of one run."""

    confidence: float
    agreement: float
    """Share of clusters whose domain the rules alone would have named as well."""


def doubts(report: RunReport) -> Doubts | None:
    """What a run says about its classifier; None when it has classified nothing itself."""
    found = [
        (cluster, cluster.classification)
        for cluster in report.clusters
        if cluster.classification and cluster.classification.model != _PINNED
    ]
    if not found:
        return None
    evidence = ["\n".join(line.text for line in one.evidence) or c.title for c, one in found]
    ruled = Chain().classify(evidence)
    agreed = [one.domain is two.domain for (_, one), two in zip(found, ruled, strict=True)]
    return Doubts(
        confidence=sum(one.confidence for _, one in found) / len(found),
        agreement=sum(agreed) / len(found),
    )


def embedded_metrics(found: Doubts, environment: str, at_ms: int) -> str:
    """One line of log that CloudWatch reads as metrics (its embedded metric format)."""
    values = {
        "ClassifierConfidence": round(found.confidence, 4),
        "ClassifierAgreement": round(found.agreement, 4),
    }
    described = {
        "Timestamp": at_ms,
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["environment"]],
                "Metrics": [{"Name": name, "Unit": "None"} for name in values],
            }
        ],
    }
    return json.dumps({"_aws": described, "environment": environment, **values})
