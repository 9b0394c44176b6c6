"""Who looks on while tests run: the tracer of lines, the recorder of calls, as the request says."""

from __future__ import annotations

from typing import Any

from .recording import Recorder
from .tracing import tracer


class Observers:
    """None, one or both of them."""

    def __init__(self, request: dict[str, Any]) -> None:
        traced, recorded = request["trace"], request["record"]
        self._tracer = tracer(request["root"], traced) if traced else None
        self._recorder = Recorder(recorded) if recorded else None

    @property
    def calls(self) -> list[Any] | None:
        """What was recorded; None when nothing was to be."""
        return self._recorder.calls if self._recorder is not None else None

    @property
    def traces(self) -> bool:
        """Whether lines are told."""
        return self._tracer is not None

    def begin_collection(self) -> None:
        """Modules are imported: only their lines are of interest."""
        if self._tracer is not None:
            self._tracer.start()

    def begin_test(self) -> None:
        """A test starts."""
        if self._tracer is not None:
            self._tracer.start()
        if self._recorder is not None:
            self._recorder.start()

    def pause(self) -> None:
        """A test is being interrupted: look at nothing of that."""
        if self._tracer is not None:
            self._tracer.pause()

    def end(self) -> dict[str, list[int]]:
        """The test or the collection is over; the lines by path."""
        if self._recorder is not None:
            self._recorder.stop()
        return self._tracer.stop() if self._tracer is not None else {}
