"""Several fork servers, one a core: more of them only once a search turns out to be a long one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from testfleet.errors import FleetError
from testfleet.repair.project import Project
from testfleet.repair.validate.copy import working_copy
from testfleet.repair.validate.messages import Answer, Ask
from testfleet.repair.validate.server import ForkServer, ServerLostError

MOST: Final = 4
GROW_AFTER: Final = 80
"""Questions, after which the start of another server pays."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Answers questions that come in batches. The first server belongs to the caller."""

    def __init__(self, project: Project, first: ForkServer, most: int | None = None) -> None:
        self._project = project
        self._servers = [first]
        self._most = min(MOST, most if most is not None else cores())
        self._asked = 0
        self._stack = ExitStack()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def first(self) -> ForkServer:
        """The one for all that is not part of a batch."""
        return self._servers[0]

    @property
    def size(self) -> int:
        """How many questions are answered at once now."""
        return len(self._servers)

    def ask(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answers in the order of the questions, at most `size` of them."""
        self._asked += len(asks)
        if len(asks) == 1:
            found = [_answer(self.first, asks[0])]
        else:
            with ThreadPoolExecutor(len(asks)) as threads:
                found = list(threads.map(_answer, self._servers, asks))
        if self._asked >= GROW_AFTER and self.size < self._most:
            self._grow()
        return found

    def _grow(self) -> None:
        try:
            copy = self._stack.enter_context(working_copy(self._project))
            self._servers.append(self._stack.enter_context(self.first.twin(copy)))
        except FleetError:
            self._most = self.size


def _answer(server: ForkServer, ask: Ask) -> Answer:
    """A server that is lost has no answer, and is started again with the next question."""
    try:
        return server.ask(ask)
    except ServerLostError:
        return Answer("died", ask.limit_s, {})
