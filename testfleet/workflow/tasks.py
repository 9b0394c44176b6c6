"""From shards to the orders that workers are sent, and to the Map's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from testfleet.config import Environment
from testfleet.contracts.dependencies import RulesWithin
from testfleet.contracts.plan import Plan, Shard, file_of
from testfleet.contracts.profile import CapacityProvider
from testfleet.contracts.result import ShardResult
from testfleet.contracts.run import RunRequest
from testfleet.contracts.task import (
    BuiltEnvironment,
    InterpreterEnvironment,
    Limits,
    ShardItem,
    TaskEnvironment,
    TaskSource,
    Uploads,
    WorkerTask,
)
from testfleet.contracts.tool import ToolOptions
from testfleet.planning.placement.place import Place
from testfleet.planning.rounds.replan import excluded_units
from testfleet.planning.sharding.node_groups import splits_of
from testfleet.workflow.keys import RunKeys, environment_key
from testfleet.workflow.ports import ObjectStore
from testfleet.workflow.prepared import FoundInterpreter, PreparedRun, SetupCommands

PREPARE_SHARD = "prepare"

_WORKER_OWN_MB = 160
"""What the worker itself needs of its profile's memory."""


@dataclass(frozen=True)
class TaskWriter:
    """Writes tasks of one run and the items that point to them."""

    environment: Environment
    objects: ObjectStore
    request: RunRequest
    prepared: PreparedRun

    @property
    def _keys(self) -> RunKeys:
        return RunKeys(self.request.run_id)

    def write_round(
        self,
        number: int,
        plan: Plan,
        earlier: Sequence[Plan] = (),
        results: Sequence[ShardResult] = (),
    ) -> str:
        """Write plan, tasks and items of a round; return the key of the items.

        `earlier` and `results` are the rounds before it, whose units are not taken again.
        """
        plans = [*earlier, plan]
        self.objects.put(self._keys.plan(number), plan.model_dump_json().encode())
        excluded = {s.id: excluded_units(plans, s, results) for s in plan.shards}
        return self._write(number, plan.shards, excluded, plan)

    def write_confirmation(self, shards: Sequence[Shard], *, ordered: bool = False) -> str:
        """Write tasks that run failed tests again; return the key of the items.

        `ordered`: their files run in the order given, not as the framework collects them.
        """
        return self._write(0, shards, {}, ordered=ordered)

    def write_preparation(self) -> ShardItem:
        """Write the task that builds the environment; return its item."""
        profile = Place.of(self.environment).usual
        shard = Shard(
            id=PREPARE_SHARD,
            profile=profile,
            compute=self.environment.profiles[profile].compute,
            units=(),
        )
        task = self._task("prepare", shard, None)
        self.objects.put(self._keys.task(shard.id), task.model_dump_json().encode())
        return self._item(shard, 1)

    def task_of(self, shard: Shard) -> WorkerTask:
        """Tree, environment and limits as the shard's worker has them, for work of another kind."""
        return self._task("run", shard, None)

    def _write(
        self,
        number: int,
        shards: Sequence[Shard],
        excluded: Mapping[str, tuple[str, ...] | None],
        plan: Plan | None = None,
        *,
        ordered: bool = False,
    ) -> str:
        tasks = {}
        rules = RulesWithin(plan.dependencies if plan else ())
        for shard in shards:
            kind: Literal["run", "confirm"] = "confirm" if shard.tests else "run"
            task = self._task(kind, shard, excluded.get(shard.id))
            task = task.model_copy(
                update={
                    "splits": splits_of(
                        (*task.units, *(task.excluded or ())), plan.splits if plan else {}
                    ),
                    "ordered": plan.ordered if plan else ordered,
                    "mixed": _groups(plan, task.units),
                    "dependencies": rules.files({file_of(unit) for unit in task.units}),
                }
            )
            tasks[self._keys.task(shard.id)] = task.model_dump_json().encode()
        self.objects.put_many(tasks)
        items = "".join(self._item(shard, number).model_dump_json() + "\n" for shard in shards)
        self.objects.put(self._keys.items(number), items.encode())
        return self._keys.items(number)

    def _item(self, shard: Shard, number: int) -> ShardItem:
        profile = self.environment.profiles[shard.profile]
        # What a taken worker has handed back is not put where workers are taken away.
        provider = CapacityProvider.FARGATE if number > 1 else profile.capacity_provider
        return ShardItem(
            shard_id=shard.id,
            run_id=self.request.run_id,
            compute=shard.compute.value,
            capacity_provider=provider.value,
            task_url=self.objects.get_url(self._keys.task(shard.id)),
        )

    def _task(
        self,
        kind: Literal["run", "confirm", "prepare"],
        shard: Shard,
        excluded: tuple[str, ...] | None,
    ) -> WorkerTask:
        suite = self.prepared.suite
        fail_fast = not self.request.keep_going and kind == "run"
        return WorkerTask(
            kind=kind,
            run_id=self.request.run_id,
            shard_id=shard.id,
            repository=self.prepared.project_key,
            framework=suite.framework if suite else "pytest",
            source=self._source(),
            environment=self._environment(),
            root=suite.root if suite else ".",
            units=tuple(unit.id for unit in shard.units),
            excluded=excluded,
            tests=shard.tests,
            together=shard.together,
            framework_args=(*(suite.args if suite else ()), *self.request.framework_args),
            tool=suite.tool if suite else ToolOptions(),
            services=suite.services if suite else (),
            env=self._home_env() | (suite.env if suite else {}),
            limits=self._limits(shard),
            records=(suite is not None and suite.record_coverage) or self.request.record_coverage,
            fail_fast=fail_fast,
            cancel_url=self.objects.get_url(self._keys.cancel),
            stop_url=self.objects.get_url(self._keys.stop) if fail_fast else None,
            uploads=self._uploads(shard, fail_fast=fail_fast),
        )

    def _home_env(self) -> dict[str, str]:
        return self.request.env if self.environment.embedded else {}

    def _source(self) -> TaskSource:
        return TaskSource(
            url=self.objects.get_url(self.prepared.archive_key),
            sha256=self.prepared.sha256,
            original_root=self.prepared.original_root,
            reuse=self.prepared.reuse,
        )

    def _environment(self) -> TaskEnvironment:
        match self.prepared.environment:
            case FoundInterpreter(python=python):
                return InterpreterEnvironment(python=python)
            case SetupCommands(key=key, python=python, setup=setup):
                return BuiltEnvironment(
                    key=key,
                    python=python,
                    setup=setup,
                    get_url=self.objects.get_url(environment_key(key)),
                    put_url=self.objects.put_url(environment_key(key)),
                )
            case None:
                raise ValueError("the environment is not prepared yet")

    def _limits(self, shard: Shard) -> Limits:
        suite = self.prepared.suite
        profile = self.environment.profiles[shard.profile]
        # On the laptop the profile's memory is the tests' alone; elsewhere the worker lives in it.
        usable_mb = profile.memory_mb - (0 if self.environment.embedded else _WORKER_OWN_MB)
        asked_mb = suite.memory_mb if suite and suite.memory_mb else usable_mb
        return Limits(
            time_s=profile.time_limit_s,
            test_timeout_s=min(suite.test_timeout_s if suite else 300.0, profile.time_limit_s),
            memory_mb=min(asked_mb, usable_mb),
        )

    def _uploads(self, shard: Shard, *, fail_fast: bool) -> Uploads:
        keys = self._keys
        return Uploads(
            result=self.objects.put_url(keys.result(shard.id)),
            progress=self.objects.put_url(keys.progress(shard.id)),
            log=self.objects.put_url(keys.log(shard.id)),
            partial=self.objects.put_url(keys.partial(shard.id)),
            stop=self.objects.put_url(keys.stop) if fail_fast else None,
        )


def _groups(plan: Plan | None, units: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Of what stays together, the groups that are among the units."""
    own = set(units)
    groups = plan.together if plan else ()
    return tuple(group for group in groups if len(group) > 1 and not own.isdisjoint(group))
