"""What the readers of a campaign's streams of events see, whatever is done to the deliveries."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testfleet.cli.client import Client
from testfleet.config import load_environment
from testfleet.contracts.event import EventKind, RunEvent
from testfleet.local.fleet import Fleet, point_to_fleet
from testfleet.local.home import FleetHome
from testfleet.workflow.events.order import InOrder
from testfleet.workflow.events.standing import Standing

DOUBLED = 0.3
"""Share of events that are delivered twice."""


@dataclass(frozen=True)
class Streams:
    """The streams of one fleet's runs."""

    client: Client
    chance: random.Random

    @classmethod
    def of(cls, home: Path, seed: int) -> Streams:
        """Those of the fleet that is up there."""
        info = Fleet(FleetHome(home)).up()
        point_to_fleet(info)
        return cls(Client(load_environment("local"), info.outputs), random.Random(seed))

    def flaws(self, run_id: str) -> list[str]:
        """What is wrong with a run's stream, and with what is seen of it when it is delivered twice
        and in any order."""
        recorders = [self.client.recorder(run_id) for _ in range(2)]
        stream, again = (recorder.record() for recorder in recorders)
        found = [] if again == stream else ["two readers have seen two streams"]
        if [event.sequence for event in stream] != list(range(1, len(stream) + 1)):
            found.append("numbers are missing or doubled")
        twice = [fact for fact, times in Counter(e.fact for e in stream).items() if times > 1]
        found += [f"told twice: {fact}" for fact in twice]
        if [event.kind for event in stream][-1:] != [EventKind.RUN_FINISHED]:
            found.append("the end of the run is not the last event")
        return found + ([] if self._is_the_same(stream) else ["deliveries changed what was seen"])

    def _is_the_same(self, stream: Sequence[RunEvent]) -> bool:
        deliveries = [*stream, *(event for event in stream if self.chance.random() < DOUBLED)]
        self.chance.shuffle(deliveries)
        reader, seen, plain = InOrder(), Standing(), Standing()
        for event in deliveries:
            for due in reader.take([event]):
                seen.apply(due)
        for event in stream:
            plain.apply(event)
        return seen == plain
