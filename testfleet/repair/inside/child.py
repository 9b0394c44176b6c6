"""The pytest plugin of the server and its children: which tests run, and what is told of them."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import failures, limits
from .choice import Choice
from .pipes import send
from .server import Server, has_threads, own_modules

if TYPE_CHECKING:
    from collections.abc import Generator

CLOCK_FACTOR = 4
LEAST_S = 0.1
"""For each further test after one has hung: most will hang, too."""
PATIENCE_S = 0.5
"""Between two attempts to interrupt a test that swallows the first."""
TEXT_LIMIT = 20_000


class TestTimeoutError(BaseException):
    """A test has used up its time. Not an Exception: the code under test shall not catch it."""


def prepare(request: dict[str, Any]) -> None:
    """Shut this process, a child, in."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    limits.apply(request)
    random.seed(0)
    sys.dont_write_bytecode = not request["bytecode"]
    if sys.dont_write_bytecode:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


class Plugin:
    """Serves at the moment of collection, and carries out the request in each child."""

    def __init__(self, server: Server, request: dict[str, Any] | None) -> None:
        self._server = server
        self._request = request
        self._choice: Choice | None = None
        self._tracer: Any = None
        self._frames: list[list[Any]] = []
        self._interrupted = False
        self._recorder: Any = None
        self._limit_s = 0.0

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
        config.option.usepdb = False
        config.option.maxfail = 0
        config.option.continue_on_collection_errors = True
        if config.option.tbstyle == "auto":
            config.option.tbstyle = "short"
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """The moment of the fork, unless it was earlier."""
        if self._request is None:
            self._serve()
        request = self._request
        assert request is not None  # noqa: S101  for the type checker
        self._choice = Choice(request)
        if request["paths"]:
            session.config.args[:] = request["paths"]
        self._limit_s = request["test_limit_s"]
        self._begin(request)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: Any, name: str) -> list[Any] | None:
        """Spare what is not to be run the making of its parameters."""
        return [] if self._choice is not None and self._choice.spares(collector, name) else None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> Generator[None, None, None]:
        """After all other plugins."""
        yield
        if self._choice is not None:
            self._choice.arrange(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what is going to run, and from which files."""
        if self._asked("tell_items"):
            root = str(session.config.rootpath)
            items = [[item.nodeid, str(_path_of(item)), _kind_of(item)] for item in session.items]
            self._say("items", rootdir=root, items=items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> None:
        """Leave out what nobody asks for after a failure."""
        assert self._choice is not None  # noqa: S101  for the type checker
        if self._choice.is_given_up(item.nodeid):
            self._end()
        if self._asked("quick"):
            item.repr_failure = item._repr_failure_py = _no_text
        if self._asked("tell_starts"):
            self._say("start", id=item.nodeid)
        self._frames, self._interrupted = [], False
        if self._tracer is not None:
            self._tracer.start()
        if self._recorder is not None:
            self._recorder.start()
        set_timers(self._limit_s)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """No explanations of differences where nobody reads them: large values take seconds."""
        if self._asked("quick"):
            from _pytest.assertion import util  # noqa: PLC0415  private, hence close to its use

            util._reprcompare = None
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell how the test ended; all its phases are over."""
        set_timers(0)
        if self._recorder is not None:
            self._recorder.stop()
        lines = self._tracer.stop() if self._tracer is not None else {}
        assert self._choice is not None  # noqa: S101  for the type checker
        told = self._choice.verdict(nodeid)
        if told is not None:
            if self._interrupted:
                told["outcome"] = "timeout"
            self._say("test", frames_at_limit=self._frames, lines=lines, **told)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        """Where a test's exception was raised."""
        set_timers(0)  # a failure's text may take long to write, and is no part of the test
        outcome = yield
        report = outcome.get_result()
        if call.when != "teardown":
            set_timers(self._limit_s)
        if report.failed and call.excinfo is not None:
            assert self._choice is not None  # noqa: S101  for the type checker
            self._choice.failure(item.nodeid, self._describe(call, report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """Where the collection of a file was broken off."""
        if isinstance(report, pytest.CollectReport):
            failure = self._describe(call, report)
            self._say("broken", id=node.nodeid, path=str(_path_of(node)), failure=failure)

    def _describe(self, call: Any, report: Any) -> dict[str, Any]:
        told = failures.describe(call.excinfo, self._request_value("root"))
        if self._asked("quick"):
            told.pop("chain", None)
        else:
            told["longrepr"] = str(getattr(report, "longreprtext", ""))[-TEXT_LIMIT:]
        return told

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the phases of a test; leave at once when that is wanted."""
        assert self._choice is not None  # noqa: S101  for the type checker
        self._choice.add(report)
        if report.failed and self._interrupted:
            self._limit_s = max(
                LEAST_S, min(self._limit_s, self._request_value("test_limit_s") / 4)
            )
        if report.failed and self._choice.is_over(hung=self._interrupted):
            self.pytest_runtest_logfinish(report.nodeid)
            self._end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """All is told."""
        if self._recorder is not None:
            from .comparing import keep  # noqa: PLC0415  only where it is wanted

            self._say(
                "recorded", count=keep(self._recorder.calls, self._request_value("record")["path"])
            )
        self._end()

    def pytest_internalerror(self, excrepr: Any) -> None:
        """A fault in pytest or a plugin ends the session."""
        self._say("stopped", reason=str(excrepr)[-2000:])

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """So does `pytest.exit`."""
        self._say("stopped", reason=excinfo.exconly()[:2000])

    def left(self, status: int) -> None:
        """Pytest has returned, which it does only where it could not even begin."""
        if self._request is None:
            self._server.refuse(f"pytest ended with status {status} before it collected", [])
        self._say("stopped", reason=f"pytest ended with status {status}")
        self._end()

    def _serve(self) -> None:
        own = own_modules(self._server.settings["root"])
        if own or has_threads():
            loaded = [name for name in list(sys.modules) if name not in own]
            why = f"{own[0]} is imported already" if own else "a plugin runs threads"
            self._server.refuse(why, loaded)
        self._request = self._server.serve()
        prepare(self._request)

    def _begin(self, request: dict[str, Any]) -> None:
        signal.signal(signal.SIGALRM, self._interrupt)
        signal.signal(signal.SIGPROF, self._interrupt)
        if request["trace"]:
            from .tracing import tracer  # noqa: PLC0415  only where it is wanted

            self._tracer = tracer(request["root"], request["trace"])
            self._tracer.start()
        if request["record"]:
            from .recording import Recorder  # noqa: PLC0415  only where it is wanted

            self._recorder = Recorder(request["record"])

    def pytest_runtestloop(self) -> None:
        """Collection is over: tell what it has executed, or answer calls rather than run tests."""
        replay = self._request_value("replay")
        if replay:
            from .comparing import answers  # noqa: PLC0415  only where it is wanted

            self._say("answers", rows=answers(replay["path"], replay["limit_s"]))
            self._end()
        if self._tracer is not None:
            self._say("imported", lines=self._tracer.stop(), modules=_foreign_modules(self._server))

    def _interrupt(self, _signal: int, frame: Any) -> None:
        self._interrupted = True
        self._frames = self._frames or failures.frames_of(frame, self._request_value("root"))
        if self._tracer is not None:
            self._tracer.pause()
        raise TestTimeoutError("the test has used up its time")

    def _request_value(self, name: str) -> Any:
        assert self._request is not None  # noqa: S101  for the type checker
        return self._request[name]

    def _asked(self, name: str) -> bool:
        return self._request is not None and bool(self._request[name])

    def _say(self, kind: str, **fields: Any) -> None:
        send(self._request_value("answers_fd"), dict(fields, kind=kind))

    def _end(self) -> None:
        if self._request is not None:
            self._say("end")
            os._exit(0)


def set_timers(limit_s: float) -> None:
    """Interrupt this process after so much processor time, which a busy machine does not stretch,
    or some times as much by the clock, for what only waits; 0: never."""
    signal.setitimer(signal.ITIMER_PROF, limit_s, PATIENCE_S)
    signal.setitimer(signal.ITIMER_REAL, limit_s * CLOCK_FACTOR, PATIENCE_S)


def calm(options: Any) -> None:
    """Switch off pytest-xdist and the choice of tests by what failed last time."""
    for name, value in (("numprocesses", 0), ("dist", "no"), ("tx", []), ("distload", False)):
        if hasattr(options, name):
            setattr(options, name, value)
    for name in ("lf", "stepwise", "stepwise_skip"):
        if hasattr(options, name):
            setattr(options, name, False)


def _path_of(node: Any) -> Path:
    return Path(str(getattr(node, "path", None) or node.fspath))


def _kind_of(item: Any) -> str:
    return type(item).__name__


def _no_text(*_args: Any, **_options: Any) -> str:
    return ""


def _foreign_modules(server: Server) -> list[str]:
    """What children have imported that is not the project's and could be imported once for all."""
    root = server.settings["root"] + os.sep
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(root) and "_testfleet" not in name:
            found.append(name)
    return found
