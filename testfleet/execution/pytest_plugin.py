"""The pytest plugin that chooses what this process runs and tells the worker how it goes.

Everything else stays as at home: no file arguments are given, so rootdir, ini-file, testpaths,
conftest files and addopts are what plain `pytest` finds.

Runs in the project's interpreter: standard library and pytest 6.2 or newer only. What it needs of
the modules beside it, the bootstrap hands in.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from testfleet.execution.pytest_reports import Ledger
    from testfleet.execution.pytest_selection import Selection
    from testfleet.execution.pytest_sequence import Sequence

    Send = Callable[..., None]

TEXT_LIMIT = 64 * 1024


def make(send: Send, selection: Selection, ledger: Ledger, sequence: Sequence) -> Plugin:
    """The plugin for the pytest that is installed here."""
    kind = OldPlugin if pytest.__version__.startswith("6.") else Plugin
    return kind(send, selection, ledger, sequence)


class Plugin:
    """Selects, neutralises what would fight with the worker, and reports."""

    def __init__(
        self, send: Send, selection: Selection, ledger: Ledger, sequence: Sequence
    ) -> None:
        self._send = send
        self._selection = selection
        self._ledger = ledger
        self._sequence = sequence
        self._may_blank = False

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config
    ) -> Generator[None, None, None]:
        """Before any conftest is imported, and before pytest-cov decides, by these options,
        whether tests run in other processes."""
        problem = self._selection.problem_of_root(early_config)
        if problem:
            raise pytest.UsageError(problem)
        undo_distribution(early_config.known_args_namespace)
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, None, None]:
        """The worker is the process that tests run in: no xdist, no debugger, no early end."""
        undo_distribution(config.option)
        undo_memory(config.option)
        config.option.usepdb = False
        config.option.maxfail = 1 if self._selection.fail_fast else 0
        config.option.continue_on_collection_errors = True
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Tell where node ids are relative to."""
        self._selection.find_file_of(session.config)
        self._may_blank = not any("::" in arg for arg in session.config.args)
        self._send("session", rootdir=str(session.config.rootpath))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_ignore_collect(
        self, collection_path: Any, config: pytest.Config
    ) -> Generator[None, Any, None]:
        """Leave out files of other shards, whatever other plugins say of them."""
        outcome = yield
        self._ignore(outcome, str(collection_path), config)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        """Tell which file is being imported, and what went wrong there."""
        path = self._selection.path_of(collector)
        is_file = isinstance(collector, pytest.File) and not isinstance(collector, pytest.Package)
        owned = self._selection.owns(path)
        if is_file and not owned and self._may_blank:
            collector.collect = list  # named on the command line or in testpaths, yet not ours
            self._selection.mimic_import(path, collector.config)
        if is_file and owned:
            self._send("collecting", unit=self._selection.unit_of(path))
        outcome = yield
        if outcome.excinfo is None and owned:
            self._report_collection(outcome.get_result(), path)
        if is_file and owned and outcome.excinfo is None:
            self._send("collected")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> Generator[None, None, None]:
        """After all other plugins: drop, without a word, what is not to be run here, and let files
        come after those that they need."""
        yield
        items[:] = [item for item in items if self._selection.owns_item(item)]
        self._sequence.arrange(items, self._selection.unit_of_item)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell every test that is going to run, file by file."""
        files: dict[str, list[str]] = {}
        for item in session.items:
            unit = self._selection.unit_of_item(item)
            self._ledger.expect(item.nodeid, unit)
            files.setdefault(unit, []).append(item.nodeid)
        for unit, ids in files.items():
            self._send("items", unit=unit, ids=ids)
        if sys.exc_info()[0] is None:  # pytest calls this hook on its way out of an error, too
            self._send("ready")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: Any) -> None:
        """Tell which test runs now."""
        self._ledger.close()
        self._send("start", id=str(nodeid), unit=self._ledger.unit_of(str(nodeid)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        """Skip what needs a file that has failed."""
        reason = self._sequence.reason(self._selection.unit_of_item(item))
        if reason:
            pytest.skip(reason)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the phases of a test."""
        self._ledger.add(report)
        if report.failed:
            self._sequence.fail(self._ledger.unit_of(str(report.nodeid)))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: Any) -> None:
        """Tell how the test ended."""
        self._ledger.close([str(nodeid)])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: Any) -> None:
        """Tell that no more tests will run."""
        self._ledger.close()
        self._send("finished", status=int(exitstatus))

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Tell of a fault in pytest or a plugin, which ends the session."""
        self._ledger.drop()
        text = str(excrepr)[-TEXT_LIMIT:]
        last = text.strip().rpartition("\n")[2]
        self._send("stopped", reason=f"INTERNALERROR: {last}", text=text)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Tell of `pytest.exit` and KeyboardInterrupt, which end the session."""
        self._ledger.drop()
        reason = excinfo.exconly().strip().split("\n", 1)[0]
        self._send("stopped", reason=reason, text=str(excinfo.getrepr())[-TEXT_LIMIT:])

    def _ignore(self, outcome: Any, path: str, config: pytest.Config) -> None:
        if self._selection.ignores(path):
            if not outcome.get_result():  # at home it would be collected
                self._selection.mimic_import(path, config)
            outcome.force_result(True)  # noqa: FBT003  the hook's answer

    def _report_collection(self, report: Any, path: str) -> None:
        # One that passes says nothing, not even of itself when it failed before: its tests have
        # not run, so its error must stand.
        if not report.passed:
            unit = self._selection.unit_of(path)
            self._ledger.close_collector(report, unit)
            if report.failed:
                self._sequence.fail(unit)


class OldPlugin(Plugin):
    """For pytest 6, whose hook names its argument differently; pytest looks at the names."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_ignore_collect(self, path: Any, config: pytest.Config) -> Generator[None, Any, None]:
        """Leave out files of other shards, whatever other plugins say of them."""
        outcome = yield
        self._ignore(outcome, str(path), config)


def undo_distribution(options: Any) -> None:
    """Switch off pytest-xdist where it is installed."""
    for name, value in (("numprocesses", 0), ("dist", "no"), ("tx", []), ("distload", False)):
        if hasattr(options, name):
            setattr(options, name, value)


def undo_memory(options: Any) -> None:
    """Switch off the choice of tests by what failed last time, as it is where nothing ran before.

    The cache of this working copy knows only what an earlier process of the same shard did.
    """
    for name in ("lf", "stepwise", "stepwise_skip"):
        if hasattr(options, name):
            setattr(options, name, False)
