"""Which code serves an endpoint on this machine: the functions that SageMaker's containers call."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from testfleet.inference import classifier, fixer

_NAME: Final = re.compile(r"(?:\A|-)(classifier|fixer-[a-z0-9]{1,20})\Z")


class Handler(Protocol):
    """What SageMaker's containers call: a module of testfleet/inference."""

    def model_fn(self, model_dir: str) -> Any:
        """Load the model of a folder."""
        ...

    def input_fn(self, body: bytes, content_type: str) -> Any:
        """Read a request."""
        ...

    def predict_fn(self, request: Any, model: Any) -> Any:
        """Answer."""
        ...

    def output_fn(self, response: Any, accept: str) -> tuple[bytes, str]:
        """The answer as bytes, and their content type."""
        ...


def handler_of(name: str) -> Handler:
    """What serves an endpoint, by the name that the configuration has for it."""
    return fixer if name.startswith("fixer-") else classifier


def name_of(endpoint: str) -> str:
    """An endpoint's name in the configuration: without what all names of a fleet begin with."""
    found = _NAME.search(endpoint)
    return found[1] if found else endpoint


@dataclass
class Served:
    """A model that is loaded when it is first asked: an endpoint at rest has none in memory."""

    handler: Handler
    folder: str
    _loaded: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def model(self) -> Any:
        """The loaded model. Raises UsageError."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self.handler.model_fn(self.folder)
            return self._loaded
