"""One worker's part of a repair: a share of the search, or the decision and its proof."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from testfleet.contracts.pull_request import ChangedFile
from testfleet.contracts.repair import Candidate, FixReport, FixStatus
from testfleet.contracts.repair_work import JUDGE, RepairTask
from testfleet.execution.host import WorkerOptions
from testfleet.execution.transfer import TransferError, exists, upload
from testfleet.repair.engine import Engine
from testfleet.repair.engines import engines_named
from testfleet.repair.fix import FixJob, FixResult, fix
from testfleet.repair.fleet.gate import against
from testfleet.repair.fleet.shares import Given, Shared
from testfleet.repair.memory.past import MemoryEngine
from testfleet.repair.project import Project
from testfleet.repair.search import Found

MOST_CANDIDATES: Final = 40
"""That a slice hands over: the vote hears no more."""
_LISTEN_S: Final = 1.0


class SliceRun:
    """The job, and what has come of it so far."""

    def __init__(self, task: RepairTask, options: WorkerOptions) -> None:
        self._task = task
        self._options = options
        self._over = threading.Event()
        self._began = time.monotonic()
        self.report: FixReport | None = None
        self.candidates: list[Candidate] = []
        self.files: list[ChangedFile] = []
        self.whole_suite = ""

    def execute(self, project: Project) -> None:
        """Search or decide. Raises UsageError, FleetError."""
        with self._listening():
            if self._task.slice == JUDGE:
                self._decide(project)
            else:
                self._search(project)

    def _search(self, project: Project) -> None:
        job = self._job(project, self._engines(), hand_over=True)
        self.report = fix(job).report

    def _decide(self, project: Project) -> None:
        result = fix(self._job(project, [Given(self._task.candidates)], hand_over=False))
        self.report = result.report
        if result.report.status is FixStatus.FIXED:
            self._prove(project, result)

    def _prove(self, project: Project, result: FixResult) -> None:
        """The last gate: the whole suite once on what the branch will hold."""
        spent_s = time.monotonic() - self._began
        left_s = self._options.time_for_shard_s(spent_s + self._task.budget_s) - spent_s
        self.whole_suite = against(project, result.files, result.failed_before, max(1.0, left_s))
        if not self.whole_suite:
            self.files = [ChangedFile.of(path, both) for path, both in result.files.items()]

    def _job(self, project: Project, engines: list[Engine], *, hand_over: bool) -> FixJob:
        task = self._task
        return FixJob(
            project=project,
            engines=engines,
            tests=task.tests,
            budget_s=min(task.budget_s, self._options.time_for_shard_s(task.budget_s)),
            changes=task.changes,
            hand_over=self._take if hand_over else None,
        )

    def _engines(self) -> list[Engine]:
        task = self._task
        shared: list[Engine] = [
            Shared(engine, task.share, self._over.is_set) for engine in engines_named(task.engines)
        ]
        # One worker is enough for what mended it before.
        past = [MemoryEngine(task.past, for_any=True)] if task.past and not task.share[0] else []
        return [*past, *shared]

    def _take(self, found: Found) -> None:
        best = found.repairs or found.partial
        self.candidates = [repair.candidate for repair in best[:MOST_CANDIDATES]]
        address = self._task.work.uploads.stop
        if found.repairs and address is not None:
            with suppress(TransferError):  # The others then use up their budget, which costs money.
                upload(address, b"{}", attempts=2)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear that the repair was cancelled, or that another worker has found something."""
        ended = threading.Event()
        thread = threading.Thread(target=self._listen, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=_LISTEN_S)

    def _listen(self, ended: threading.Event) -> None:
        work = self._task.work
        addresses = [address for address in (work.cancel_url, work.stop_url) if address]
        while not ended.wait(_LISTEN_S):
            if self._options.interrupted.is_set() or any(map(exists, addresses)):
                self._over.set()
                return
