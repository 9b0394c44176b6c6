"""From the command line to a request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from testfleet.aws.executions import RunLauncher
from testfleet.cli.differences import (
    tell_of_left_out_builds,
    tell_of_other_suites,
    tell_of_settings_above,
)
from testfleet.cli.home import home
from testfleet.cli.interpreter import home_interpreter, home_variables
from testfleet.cli.upload import upload_source
from testfleet.config import load_environment
from testfleet.contracts.base import utc_now
from testfleet.contracts.change import FileChange, RecentCommit
from testfleet.contracts.coverage import SuiteCoverage
from testfleet.contracts.plan import Plan
from testfleet.contracts.project import PROJECT_FILE
from testfleet.contracts.run import (
    ArchiveSource,
    Fallback,
    Mode,
    Objectives,
    RunRequest,
    Trigger,
    new_run_id,
)
from testfleet.errors import UsageError
from testfleet.local.readers import local_readers
from testfleet.planning.discovery.discover import discover
from testfleet.planning.discovery.suites import with_detected
from testfleet.planning.impact.imports.build import Readers
from testfleet.planning.impact.selection import SelectionOptions, select_units
from testfleet.planning.placement.place import Place
from testfleet.planning.project import ResolvedSuite, load_project, resolve_suite
from testfleet.planning.source_tree import DirectoryTree
from testfleet.planning.strategies import strategy_named
from testfleet.scm.changes import changes_since
from testfleet.scm.recent import recent_commits
from testfleet.scm.working_tree import Head, describe_head, list_files
from testfleet.workflow.coverage_memory import CoverageMemory
from testfleet.workflow.explanation import UnitExplanation, explain
from testfleet.workflow.keys import source_key
from testfleet.workflow.placement_memory import PlacementMemory
from testfleet.workflow.planner import PlanRequest, plan_with_reasons
from testfleet.workflow.prepared import history_key, project_key

if TYPE_CHECKING:
    from testfleet.cli.client import Client


@dataclass(frozen=True)
class RunOptions:
    """The options of `run` and `plan`; by default, those of a person who gives none."""

    path: Path
    suite: str | None
    env: str
    shards: int | Literal["auto"] = "auto"
    mode: Mode = Mode.FULL
    keep_going: bool = True
    framework_args: tuple[str, ...] = ()
    objectives: Objectives = field(default_factory=Objectives)
    changed_since: str | None = None
    fallback: Fallback = Fallback.FLEET
    record_coverage: bool = False


@dataclass(frozen=True)
class Preview:
    """What would be run, and why."""

    plan: Plan
    units: tuple[UnitExplanation, ...]


@dataclass(frozen=True)
class Draft:
    """A run that lacks only its uploaded source."""

    options: RunOptions
    root: Path
    files: tuple[str, ...]
    suite: ResolvedSuite
    head: Head
    python: str | None
    changes: tuple[FileChange, ...] | None = None
    """Since the revision that the options name."""

    @property
    def original_root(self) -> str | None:
        """The tree's own place, which only workers on this machine can use."""
        return str(self.root) if load_environment(self.options.env).embedded else None

    @property
    def history_key(self) -> str:
        """What the suite's history is kept under."""
        project = project_key(self.head.repository, self.original_root)
        return history_key(project, self.suite.name, trusted=True)

    @property
    def readers(self) -> Readers:
        """All that can be read on this machine."""
        return local_readers(self.root, home(), self.python)

    def reached(self, coverage: SuiteCoverage | None = None) -> tuple[str, ...] | None:
        """Units that the changes can reach, by what they import and by what was recorded of them.
        None when there is no question of changes."""
        if self.changes is None:
            return None
        tree, args = DirectoryTree(self.root, self.files), self.options.framework_args
        units = discover(tree, self.suite, args, {}).units
        options = SelectionOptions(args, self.readers, coverage)
        return select_units(tree, self.suite, units, self.changes, options).selected

    def coverage(self, client: Client) -> SuiteCoverage | None:
        """What was recorded of the suite's units, where it may leave something out."""
        if self.changes is None:
            return None
        return CoverageMemory(client.objects, self.history_key).recall()

    def submit(self, client: Client) -> RunRequest:
        """Upload the source unless the fleet has it, store the request, start the workflow."""
        started_at = utc_now()
        with ThreadPoolExecutor(1) as beside:
            # git takes as long as the upload, and has nothing to do with it.
            recent = beside.submit(self._recent_commits)
            sha256 = upload_source(client, self.root, self.files)
            commits = recent.result()
        request = RunRequest(
            run_id=new_run_id(started_at),
            repository=self.head.repository,
            commit=self.head.commit,
            trigger=Trigger.CLI,
            requested_at=started_at,
            source=ArchiveSource(
                key=source_key(sha256), sha256=sha256, original_root=self.original_root
            ),
            suite=self.options.suite,
            mode=self.options.mode,
            shards=self.options.shards,
            objectives=self.options.objectives,
            changes=self.changes,
            reached=self.reached(self.coverage(client)),
            commits=commits,
            keep_going=self.options.keep_going,
            fallback=self.options.fallback,
            record_coverage=self.options.record_coverage,
            framework_args=self.options.framework_args,
            env=home_variables() if self.original_root else {},
            python=self.python,
        )
        RunLauncher(client.objects, client.executions).launch(request)
        return request

    def preview(self, client: Client) -> Preview:
        """The plan that a run would get now. Raises NothingToRunError when there is none."""
        history = client.history.load(self.history_key)
        source = PlanRequest(
            tree=DirectoryTree(self.root, self.files),
            suite=self.suite,
            place=Place.of(client.environment, self.suite.profile, self.suite.needs),
            history=history,
            shards=self.options.shards,
            framework_args=self.options.framework_args,
            known=PlacementMemory(client.objects, self.history_key).recall(),
            objectives=self.options.objectives,
            changes=self.changes,
            readers=self.readers,
            coverage=self.coverage(client),
        )
        planned = plan_with_reasons(source)
        return Preview(
            planned.plan, explain(planned.plan, history, planned.selection, self.suite.needs)
        )

    def _recent_commits(self) -> tuple[RecentCommit, ...]:
        return recent_commits(self.root, self.files) if self.head.commit else ()


def draft_run(options: RunOptions) -> Draft:
    """Check path, testfleet.toml, suite and interpreter: all that can be wrong, before the fleet.

    Raises UsageError that says what is wrong with which of them.
    """
    root = project_root(options.path)
    environment = load_environment(options.env)
    include = load_project(DirectoryTree(root, _project_file(root))).source.include
    files = tuple(list_files(root, include))
    if not files:
        raise UsageError(f"{root} has no files that are not ignored", hint="name another PATH")
    tree = DirectoryTree(root, files)
    project = with_detected(load_project(tree), tree)
    suite = resolve_suite(project, options.suite, options.mode)
    strategy_named(options.objectives.strategy)
    if options.suite is None:
        tell_of_other_suites(project, suite)
    tell_of_settings_above(root, tree, suite)
    tell_of_left_out_builds(root, frozenset(files))
    return Draft(
        options=options,
        root=root,
        files=files,
        suite=suite,
        head=describe_head(root),
        python=home_interpreter(root, project.environment) if environment.embedded else None,
        changes=(
            changes_since(root, options.changed_since, frozenset(files))
            if options.changed_since is not None
            else None
        ),
    )


def project_root(path: Path) -> Path:
    """The folder, absolute. Raises UsageError when it is not one."""
    root = path.expanduser().resolve()
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise UsageError(
            f"{path} {what}: expected the root folder of a project",
            hint="to run one file, use `testfleet run PROJECT -- path/to/test_file.py`",
        )
    return root


def _project_file(root: Path) -> list[str]:
    return [PROJECT_FILE] if (root / PROJECT_FILE).is_file() else []
