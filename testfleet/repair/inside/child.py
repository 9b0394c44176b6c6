"""The pytest plugin of the server and its children: which tests run, and what is told of them."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import failures, limits
from .choice import Choice
from .clock import Clock
from .comparing import answers, keep
from .confinement import confine
from .modules import foreign_modules, has_threads, own_modules
from .observers import Observers
from .options import be_brief, calm, explain_nothing
from .pipes import send

if TYPE_CHECKING:
    from collections.abc import Generator

    from .server import Server

TEXT_LIMIT = 20_000


def prepare(request: dict[str, Any]) -> None:
    """Shut this process, a child, in."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    limits.apply(request)
    if request["writable"]:
        confine(request["writable"])
    random.seed(0)
    sys.dont_write_bytecode = not request["bytecode"]
    if sys.dont_write_bytecode:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


class Work:
    """What a child has been asked for, and those who help it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.quick = bool(request["quick"])
        self.choice = Choice(request)
        self.observers = Observers(request)
        self.clock = Clock(request["root"], request["test_limit_s"], self.observers.pause)

    def say(self, kind: str, **fields: Any) -> None:
        """Tell the server."""
        send(self.request["answers_fd"], dict(fields, kind=kind))

    def end(self) -> None:
        """All is told; nothing may happen any more."""
        self.say("end")
        os._exit(0)

    def describe(self, call: Any, report: Any) -> dict[str, Any]:
        """What is told of an exception."""
        told = failures.describe(call.excinfo, self.request["root"])
        if self.quick:
            told.pop("chain", None)
        else:
            told["longrepr"] = str(getattr(report, "longreprtext", ""))[-TEXT_LIMIT:]
        return told


class Plugin:
    """Serves at the moment of collection, and carries out the request in each child."""

    def __init__(self, server: Server, request: dict[str, Any] | None) -> None:
        self._server = server
        self._request = request
        self._doing: Work | None = None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config
    ) -> Generator[None, None, None]:
        """Before pytest-xdist and others decide by these."""
        calm(early_config.known_args_namespace)
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, None, None]:
        """Tests run here, all of them, and nobody is asked."""
        calm(config.option)
        be_brief(config.option)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """The moment of the fork, unless it was earlier."""
        if self._request is None:
            self._request = self._serve()
        self._doing = Work(self._request)
        if self._request["paths"]:
            session.config.args[:] = self._request["paths"]
        self._doing.observers.begin_collection()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: Any, name: str) -> list[Any] | None:
        """Spare what is not to be run the making of its parameters."""
        return [] if self._work.choice.spares(collector, name) else None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> Generator[None, None, None]:
        """After all other plugins."""
        yield
        self._work.choice.arrange(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what is going to run, and from which files."""
        if self._work.request["tell_items"]:
            items = [
                [each.nodeid, str(_path_of(each)), type(each).__name__] for each in session.items
            ]
            self._work.say("items", items=items)

    def pytest_runtestloop(self) -> None:
        """Collection is over: tell what it has executed, or answer calls rather than run tests."""
        lines = self._work.observers.end()
        replay = self._work.request["replay"]
        if replay:
            self._work.say("answers", rows=answers(replay["path"], replay["limit_s"]))
            self._work.end()
        if self._work.observers.traces:
            modules = foreign_modules(self._server.settings["root"])
            self._work.say("imported", lines=lines, modules=modules)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> None:
        """A test starts, unless nobody asks for it after a failure."""
        work = self._work
        if work.choice.is_given_up(item.nodeid):
            work.end()
        if work.quick:
            item.repr_failure = item._repr_failure_py = _no_text
        else:
            work.say("start", id=item.nodeid)
        work.observers.begin_test()
        work.clock.begin()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """No explanations of differences where nobody reads them: large values take seconds."""
        if self._work.quick:
            explain_nothing()
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        """Where a test's exception was raised."""
        work = self._work
        work.clock.stop()  # a failure's text may take long to write, and is no part of the test
        outcome = yield
        report = outcome.get_result()
        if report.failed and call.excinfo is not None:
            work.choice.failure(item.nodeid, work.describe(call, report))
        if call.when != "teardown":
            work.clock.go_on()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the phases of a test; leave at once when that is wanted."""
        work = self._work
        work.choice.add(report)
        if report.failed and work.clock.interrupted:
            work.clock.shorten()
        if report.failed and work.choice.is_over(hung=work.clock.interrupted):
            self.pytest_runtest_logfinish(report.nodeid)
            work.end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell how the test ended; all its phases are over."""
        work = self._work
        work.clock.stop()
        lines = work.observers.end()
        told = work.choice.verdict(nodeid)
        if told is not None:
            if work.clock.interrupted:
                told["outcome"] = "timeout"
            work.say("test", frames_at_limit=work.clock.frames, lines=lines, **told)

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """Where the collection of a file was broken off."""
        if isinstance(report, pytest.CollectReport):
            failure = self._work.describe(call, report)
            self._work.say("broken", id=node.nodeid, path=str(_path_of(node)), failure=failure)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """All is told."""
        if self._doing is None:
            return
        calls = self._doing.observers.calls
        if calls is not None:
            self._doing.say("recorded", count=keep(calls, self._doing.request["record"]["path"]))
        self._doing.end()

    def pytest_internalerror(self, excrepr: Any) -> None:
        """A fault in pytest or a plugin ends the session."""
        self._stopped(str(excrepr)[-2000:])

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """So does `pytest.exit`."""
        self._stopped(excinfo.exconly()[:2000])

    def left(self, reason: str) -> None:
        """Pytest has returned, which it does only where it could not even begin."""
        if self._request is None:
            self._server.refuse(f"pytest ended before it collected: {reason}", [])
        self._stopped(f"pytest ended: {reason}")
        os._exit(0)

    @property
    def _work(self) -> Work:
        assert self._doing is not None  # noqa: S101  hooks of tests come after collection began
        return self._doing

    def _serve(self) -> dict[str, Any]:
        own = own_modules(self._server.settings["root"])
        if own or has_threads():
            loaded = [name for name in list(sys.modules) if name not in own]
            why = f"{own[0]} is imported already" if own else "a plugin runs threads"
            self._server.refuse(why, loaded)
        request = self._server.serve()
        prepare(request)
        return request

    def _stopped(self, reason: str) -> None:
        if self._request is not None:
            send(self._request["answers_fd"], {"kind": "stopped", "reason": reason})


def _path_of(node: Any) -> Path:
    return Path(str(getattr(node, "path", None) or node.fspath))


def _no_text(*_args: Any, **_options: Any) -> str:
    return ""
