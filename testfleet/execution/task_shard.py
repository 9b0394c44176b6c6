"""From a task and the place made ready for it to the shard that runs it: pytest's or a tool's."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testfleet.contracts.task import Limits, WorkerTask
from testfleet.execution.environments import EnvironmentUnusableError, Interpreter
from testfleet.execution.frameworks.adapters import adapter_named
from testfleet.execution.frameworks.node_modules import link_modules
from testfleet.execution.frameworks.python_home import python_variables
from testfleet.execution.frameworks.tool_journal import ToolJournal
from testfleet.execution.frameworks.tool_session import ToolPlace, ToolRunner
from testfleet.execution.frameworks.tool_shard import ToolShard
from testfleet.execution.journal import Journal
from testfleet.execution.services import running
from testfleet.execution.session import Place, SessionRunner
from testfleet.execution.shard import Shard
from testfleet.execution.supervisor import Stop, Supervisor
from testfleet.execution.traces import RecordingShard
from testfleet.execution.workspace import Workspace

PYTEST = "pytest"


@dataclass(frozen=True)
class Setting:
    """What is ready when tests can begin."""

    workspace: Workspace
    environment: dict[str, str]
    interpreter: Interpreter
    supervisor: Supervisor
    limits: Limits
    exit_grace_s: float
    announce_failure: Callable[[], None]


def check_framework(name: str) -> None:
    """Raises EnvironmentUnusableError for a framework that this worker does not know."""
    if name != PYTEST:
        adapter_named(name)


def make_journal(framework: str) -> Journal:
    """The journal for what a framework reports."""
    return Journal() if framework == PYTEST else ToolJournal()


def make_shard(task: WorkerTask, setting: Setting, journal: Journal) -> Shard | ToolShard:
    """The shard, ready to run. Raises EnvironmentUnusableError when the suite has no folder."""
    if isinstance(journal, ToolJournal):
        return _tool_shard(task, setting, journal)
    runner = SessionRunner(
        place=_pytest_place(task, setting),
        supervisor=setting.supervisor,
        journal=journal,
        limits=setting.limits,
        exit_grace_s=setting.exit_grace_s,
    )
    kind = RecordingShard if task.records and task.kind == "run" else Shard
    return kind(task, runner, journal, setting.announce_failure)


def _tool_shard(task: WorkerTask, setting: Setting, journal: ToolJournal) -> ToolShard:
    place = setting.workspace
    cwd = _folder(task, place)
    if task.source.original_root:
        link_modules([Path(task.source.original_root)], place.tree)
    runner = ToolRunner(
        adapter=adapter_named(task.framework),
        task=task,
        place=ToolPlace(
            tree=place.tree,
            cwd=cwd,
            state=place.state,
            environment={
                **setting.environment,
                **python_variables(
                    place.state / "python", _remap(task, setting), setting.environment
                ),
                "PATH": _path(cwd, setting),
            },
        ),
        supervisor=setting.supervisor,
        journal=journal,
        limits=setting.limits,
    )
    return ToolShard(task, runner, journal, setting.announce_failure)


def _path(cwd: Path, setting: Setting) -> str:
    """PATH with the project's own tools first, as `npm run` and a virtual environment have it."""
    tree, python = setting.workspace.tree, Path(setting.interpreter.python)
    folders = [cwd, *(folder for folder in cwd.parents if folder.is_relative_to(tree))]
    own = [str(folder / "node_modules" / ".bin") for folder in folders]
    if (python.parent.parent / "pyvenv.cfg").is_file():
        own.append(str(python.parent))
    return os.pathsep.join([*own, setting.environment.get("PATH", os.defpath)])


def _folder(task: WorkerTask, place: Workspace) -> Path:
    cwd = place.tree / task.root
    if not cwd.is_dir():
        raise EnvironmentUnusableError(
            f"folder {task.root!r} of the suite is not in the tree",
            hint="mend `root` of the suite in testfleet.toml",
        )
    return cwd


def _remap(task: WorkerTask, setting: Setting) -> tuple[tuple[str, str], ...]:
    """Where the tree lies at home, and where an environment was built, each with our copy."""
    home, copy = task.source.original_root, str(setting.workspace.tree)
    homes = (home, home and str(Path(home).resolve()), setting.interpreter.built_in)
    return tuple((home, copy) for home in dict.fromkeys(homes) if home and home != copy)


def _pytest_place(task: WorkerTask, setting: Setting) -> Place:
    place, interpreter = setting.workspace, setting.interpreter
    return Place(
        tree=place.tree,
        cwd=_folder(task, place),
        python=interpreter.python,
        environment=setting.environment,
        settings=place.state / "settings.json",
        remap=_remap(task, setting),
        args=task.framework_args,
        splits=task.splits,
        units=task.units,
        ordered=task.ordered,
        mixed=task.mixed,
        dependencies=task.dependencies,
    )


def service_setting(
    task: WorkerTask,
    place: Workspace,
    environment: dict[str, str],
    order: Callable[[], Stop | None],
) -> running.Setting:
    """What the task's services are started with."""
    return running.Setting(
        services=task.services,
        cwd=_folder(task, place) if task.services else place.tree,
        variables=environment,
        # One for all shards of a run: services may outlive the shard they were started for.
        marker=f"{task.run_id}/services-{os.getpid()}",
        order=order,
    )
