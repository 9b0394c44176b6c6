"""`testfleet fix` for a TypeScript project: from the compiler's complaints to a proved patch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.repair.fix import FixResult
from testfleet.repair.javascript.fix import fix_tests
from testfleet.repair.typescript.answer import Answer
from testfleet.repair.typescript.bench import Bench, bench_of
from testfleet.repair.typescript.home import Home, find_home
from testfleet.repair.typescript.model import Edit
from testfleet.repair.typescript.options import ENGINES, Options
from testfleet.repair.typescript.rounds import Repaired, repair_all
from testfleet.repair.typescript.search import Limits, Round, Searcher
from testfleet.repair.typescript.service import LINT, TYPES, Service
from testfleet.repair.typescript.texts import Texts
from testfleet.repair.typescript.touched import Touched
from testfleet.repair.typescript.vote import Group, confirmed, without

SEARCH_SHARE: Final = 0.6
"""Of the budget, for the search; the rest is for tsc and the tests."""
__all__ = ["ENGINES", "Options", "fix_typescript"]

TESTED: Final = 4
"""Groups that the project's tests are asked about, at most."""


def fix_typescript(root: Path, options: Options) -> FixResult:
    """Search for a repair. Never touches the project's tree. Raises UsageError, FleetError, and
    ServiceError when TypeScript itself cannot go on."""
    began = time.monotonic()
    home = find_home(root)
    if not home.configs and not home.lints:
        return fix_tests(home, options, "", began)
    options.progress("checking the types as they are")
    with _first_with_complaints(home) as (service, config):
        if not service.complaints:
            return _content(home, options, service, began)
        return _Fix(home, options, service, config, began).run()


@contextmanager
def _first_with_complaints(home: Home) -> Iterator[tuple[Service, str]]:
    """The first configuration that the compiler complains about, else ESLint; the last one asked
    if nobody complains."""
    waiting = [(config, TYPES) for config in home.configs] + [("", LINT)] * home.lints
    while waiting:
        config, script = waiting.pop(0)
        with Service(home.node, home.root, config, script) as service:
            more = [(one, TYPES) for one in service.references]
            waiting = [*(one for one in more if one not in waiting), *waiting]
            if service.complaints or not waiting:
                yield service, config
                return


def _content(home: Home, options: Options, service: Service, began: float) -> FixResult:
    """What is left to repair when nobody complains: failing tests."""
    who = " and ".join(["tsc"] * bool(home.configs) + ["eslint"] * home.lints)
    content = f"{who} has no complaint about {len(service.files)} files"
    if home.runner:
        return fix_tests(home, options, content, began)
    report = FixReport(status=FixStatus.NOTHING_FAILED, reason=content)
    spent = {"time_s": round(time.monotonic() - began, 3)}
    return FixResult(report.model_copy(update=spent), {})


class _Fix:
    """One command."""

    def __init__(
        self, home: Home, options: Options, service: Service, config: str, began: float
    ) -> None:
        self._home, self._options, self._service = home, options, service
        self._config, self._began = config, began
        self._texts = Texts(home.root)
        self._deadline = began + options.budget_s
        self._baseline: dict[str, str] | None = None
        self._kept: list[tuple[Edit, ...]] = []
        self._untested = ""

    def run(self) -> FixResult:
        """Search, prove, report."""
        limits = Limits(
            self._began + self._options.budget_s * SEARCH_SHARE, self._options.max_candidates
        )
        searcher = Searcher(self._service, self._options.engines, limits, self._options.progress)
        searcher.only = tuple(self._options.only)
        searcher.weighed = Touched(self._options.changes, self._texts).weighed
        first = self._service.complaints
        options = self._options
        with bench_of(self._home, options.files, self._deadline, options.env) as bench:
            repaired = repair_all(searcher, lambda found: self._choose(bench, found))
            left = self._proof(bench, repaired) if repaired.batches else []
        answer = Answer(first, repaired, limits, self._texts, left, self._untested)
        report = answer.report(time.monotonic() - self._began)
        fixed = report.status is FixStatus.FIXED
        return FixResult(report, self._texts.changed(repaired.batches) if fixed else {})

    def _choose(self, bench: Bench, found: Round) -> Sequence[Group]:
        """Groups that the project's tests do not speak against."""
        groups = [
            group
            for group in found.groups
            if self._texts.readable([*found.before, *group.best.proposal.edits])
        ]
        if groups and self._home.runner:
            groups = self._tested(bench, found, groups)
        if groups:
            self._kept += _batches(found, groups[0])
        return groups

    def _tested(self, bench: Bench, found: Round, groups: list[Group]) -> list[Group]:
        if self._baseline is None:
            self._options.progress(f"running {self._home.runner} as it is")
            self._baseline = bench.outcomes() or {}
        passing = _passed(self._baseline)
        gained: dict[int, int] = {}
        for index, group in enumerate(groups[:TESTED]):
            now = _passed(self._outcomes(bench, found, group))
            if passing <= now:
                gained[index] = len(now - passing)
                if len(passing) == len(self._baseline):
                    break  # No failing test can tell more rivals apart.
        if not gained:
            return without(groups, groups[:TESTED])
        # Of rivals that break nothing, those that turn the most failing tests green are right.
        most = max(gained.values())
        if not passing and not most:
            self._untested = f"{self._home.runner} told of none that passes"
        tried = range(max(gained) + 1)
        left = without(groups, [groups[index] for index in tried if gained.get(index, -1) < most])
        return confirmed(left) if most else left

    def _outcomes(self, bench: Bench, found: Round, group: Group) -> dict[str, str]:
        self._options.progress(f"running {self._home.runner} with {group.best.proposal.template}")
        bench.put(self._texts.preview([*self._kept, *_batches(found, group)]))
        return bench.outcomes() or {}

    def _proof(self, bench: Bench, repaired: Repaired) -> list[str]:
        """What the project's own compiler says of the whole, in every configuration."""
        self._options.progress("running tsc on the repaired project")
        bench.put(self._texts.preview(repaired.batches))
        configs = [self._config] if self._config else self._home.configs
        return bench.compiler_errors(configs, build=bool(self._service.references))


def _passed(outcomes: Mapping[str, str]) -> set[str]:
    return {name for name, how in outcomes.items() if how == "passed"}


def _batches(found: Round, group: Group) -> list[tuple[Edit, ...]]:
    return [one for one in (found.before, group.best.proposal.edits) if one]
