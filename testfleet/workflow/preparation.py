"""The steps before a plan: admission, source, environment."""

from __future__ import annotations

import hashlib

from testfleet.contracts.change import FileChange
from testfleet.contracts.run import RepositorySource, RunRequest
from testfleet.errors import UsageError
from testfleet.planning.discovery.suites import with_detected
from testfleet.planning.impact.tree_changes import changed_files
from testfleet.planning.project import load_project, resolve_suite
from testfleet.planning.quotas.admission import Verdict
from testfleet.planning.source_tree import ArchiveTree
from testfleet.workflow.environment import plan_environment
from testfleet.workflow.keys import environment_key, source_key
from testfleet.workflow.ports import RunRow
from testfleet.workflow.prepared import FoundInterpreter, PreparedRun, project_key
from testfleet.workflow.risk_report import risk_notes
from testfleet.workflow.step import Step, StepAnswer

_HINT_QUOTAS = "`testfleet quotas` shows who uses what; quotas stand in config/"


class Preparation(Step):
    """From a request to a tree, a suite and an environment."""

    def admit(self) -> StepAnswer:
        """Take the run in, or say why not."""
        return self._guard(self._admit)

    def fetch_source(self) -> StepAnswer:
        """Have the source archive in the bucket, and know the suite that it holds."""
        return self._guard(self._fetch_source)

    def prepare_environment(self) -> StepAnswer:
        """Know the tests' environment; `build` tells whether a worker has to make it first."""
        return self._guard(self._prepare_environment)

    def _admit(self) -> StepAnswer:
        request = self._records.request()
        self._world.runs.start(
            RunRow(
                run_id=request.run_id,
                repository=request.repository,
                suite=request.suite or "",
                status=None,
                started_at=request.requested_at,
            )
        )
        most = self._world.environment.fleet.max_shards
        if request.shards != "auto" and not 1 <= request.shards <= most:
            raise UsageError(
                f"shards must be 1 to {most} in {self._world.environment.name}, "
                f"got {request.shards}; leave it out to let the planner choose"
            )
        decision = self._admission.decide()
        if decision.verdict is Verdict.REJECT:
            raise UsageError(f"not admitted: {decision.reason}", hint=_HINT_QUOTAS)
        if decision.verdict is Verdict.ADMIT:
            return self._answer(admitted=True, wait_s=0)
        if self._records.is_cancelled():
            raise UsageError(f"cancelled while it waited for its quota: {decision.reason}")
        self._world.objects.put(self._records.keys.waiting, decision.reason.encode())
        return self._answer(admitted=False, wait_s=decision.wait_s)

    def _fetch_source(self) -> StepAnswer:
        request = self._records.request()
        prepared = self._prepare_source(request)
        with self._open_tree(prepared) as tree:
            project = with_detected(load_project(tree), tree)
            suite = resolve_suite(project, request.suite, request.mode)
        notes = (*prepared.notes, *risk_notes(prepared.changes, project.risk))
        found = {"suite": suite, "notes": notes, "quarantine": project.quarantine}
        self._records.save_prepared(prepared.model_copy(update=found))
        return self._answer(admitted=True)

    def _prepare_source(self, request: RunRequest) -> PreparedRun:
        source = request.source
        if isinstance(source, RepositorySource):
            archive = self._world.fetch_tarball(source.tarball_url)
            sha256 = hashlib.sha256(archive).hexdigest()
            archive_key, root, reuse = source_key(sha256), None, source.trusted
            self._world.objects.put(archive_key, archive)
            changes = self._compare(source.base_tarball_url, archive)
        else:
            archive_key, sha256 = source.key, source.sha256
            root, reuse = source.original_root, True
            changes = (request.changes, ())
            if not self._world.objects.exists(archive_key):
                raise UsageError(f"the source archive {archive_key} is not in the bucket")
        return PreparedRun(
            started_at=request.requested_at,
            archive_key=archive_key,
            sha256=sha256,
            original_root=root,
            reuse=reuse,
            project_key=project_key(request.repository, root),
            changes=changes[0],
            notes=changes[1],
        )

    def _compare(
        self, base_url: str | None, archive: bytes
    ) -> tuple[tuple[FileChange, ...] | None, tuple[str, ...]]:
        """What a pull request changes. Its base may be gone: then everything is to be tested."""
        if base_url is None:
            return None, ()
        try:
            base = self._world.fetch_tarball(base_url)
        except UsageError as exc:
            return None, (f"all tests run: the base of the change could not be had: {exc}",)
        with ArchiveTree(base) as old, ArchiveTree(archive) as new:
            return changed_files(old, new), ()

    def _prepare_environment(self) -> StepAnswer:
        request, prepared = self._records.request(), self._records.prepared()
        # Only a worker on the client's own machine has the client's interpreter.
        if request.python is not None and self._world.environment.embedded:
            found = FoundInterpreter(python=request.python)
            self._records.save_prepared(prepared.model_copy(update={"environment": found}))
            return self._answer(admitted=True, build=False)
        with self._open_tree(prepared) as tree:
            config = load_project(tree).environment
            # What a fork's set-up leaves behind must never be what a trusted run starts from.
            image = f"{self._world.image}{'' if prepared.reuse else '!fork'}"
            framework = prepared.suite.framework if prepared.suite else "pytest"
            commands = plan_environment(tree, config, image, framework)
        prepared = prepared.model_copy(update={"environment": commands})
        self._records.save_prepared(prepared)
        if self._world.objects.exists(environment_key(commands.key)):
            return self._answer(admitted=True, build=False)
        item = self._writer(prepared).write_preparation()
        return self._answer(admitted=True, build=True, item=item.model_dump(mode="json"))
