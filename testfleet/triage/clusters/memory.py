"""What is remembered of clusters: since when each is there, and which of the past it resembles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from testfleet.contracts.failure import FailureCluster, PastCluster, Sighting, SimilarCluster
from testfleet.triage.clusters.cluster import Cluster
from testfleet.triage.clusters.minhash import jaccard
from testfleet.triage.fingerprints.text import template, words

MAX_REMEMBERED: Final = 300
MAX_FINGERPRINTS: Final = 20
SIMILAR_FROM: Final = 0.5
_MAX_SIMILAR: Final = 3


def recall(
    clusters: Iterable[Cluster], past: Sequence[PastCluster], now: Sighting
) -> list[FailureCluster]:
    """The clusters as they are reported, with ids, first sightings and similar ones of the past.

    A cluster that shares a fingerprint with one of the past is that one, and keeps its id.
    """
    by_fingerprint = {name: each for each in past for name in each.fingerprints}
    ordered = list(clusters)
    found, taken = [], {each.id for each in ordered}
    for each in ordered:
        known = next((by_fingerprint[n] for n in each.fingerprints if n in by_fingerprint), None)
        # Of a cluster that fell apart, one part keeps the name.
        name = known.id if known and known.id not in taken else each.id
        taken.add(name)
        told = each.as_contract().model_copy(
            update={
                "id": name,
                "first_seen": known.first_seen if known else now,
                "similar": tuple(_similar(each, name, past)),
            }
        )
        found.append(told)
    return found


def remember(
    past: Sequence[PastCluster], clusters: Sequence[FailureCluster], now: Sighting
) -> tuple[PastCluster, ...]:
    """The past with this run's clusters, those seen last at the end. The oldest are forgotten."""
    kept = {each.id: each for each in past}
    for told in clusters:
        old = kept.pop(told.id, None)
        names = dict.fromkeys((*told.fingerprints, *(old.fingerprints if old else ())))
        kept[told.id] = PastCluster(
            id=told.id,
            title=told.title,
            kind=_kind(told.title),
            fingerprints=tuple(names)[:MAX_FINGERPRINTS],
            first_seen=old.first_seen if old else told.first_seen or now,
            last_seen=now,
            # The same run may be reported twice, e.g. by a step that was repeated.
            runs=(old.runs + (old.last_seen.run_id != now.run_id)) if old else 1,
        )
    return tuple(kept.values())[-MAX_REMEMBERED:]


def _similar(cluster: Cluster, name: str, past: Sequence[PastCluster]) -> list[SimilarCluster]:
    own_words = words(template(cluster.trace.title))
    found = []
    for each in past:
        if each.id == name or each.kind != _kind(cluster.trace.title):
            continue
        alike = jaccard(own_words, words(template(each.title)))
        if alike >= SIMILAR_FROM:
            found.append(
                SimilarCluster(
                    id=each.id,
                    title=each.title,
                    similarity=round(alike, 3),
                    last_seen=each.last_seen,
                )
            )
    return sorted(found, key=lambda each: (-each.similarity, each.id))[:_MAX_SIMILAR]


def _kind(title: str) -> str:
    return title.partition(":")[0] if ":" in title else ""
