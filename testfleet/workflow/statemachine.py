"""Loads and renders `statemachines/<name>.asl.json` for the stacks, the tests and the CLI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from testfleet.config import ROOT

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z]+)\}")

Substitutions = Mapping[str, str]


def load(name: str) -> dict[str, Any]:
    """The definition as it stands in its file: valid JSON, with `${Placeholder}` inside strings."""
    text = (ROOT / "statemachines" / f"{name}.asl.json").read_text("utf-8")
    definition: dict[str, Any] = json.loads(text)
    return definition


def placeholders(name: str) -> set[str]:
    """The names that `render` has to be given."""
    return {match for text in _strings(load(name)) for match in _PLACEHOLDER.findall(text)}


def render(name: str, substitutions: Substitutions) -> str:
    """The definition as JSON text with every placeholder replaced.

    Raises ValueError when names are missing or left over.
    """
    wanted = placeholders(name)
    if wanted != set(substitutions):
        missing = sorted(wanted - set(substitutions))
        unknown = sorted(set(substitutions) - wanted)
        raise ValueError(f"{name}: missing placeholders {missing}, unknown placeholders {unknown}")
    return json.dumps(_replace(load(name), substitutions))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _replace(value: Any, substitutions: Substitutions) -> Any:
    if isinstance(value, dict):
        return {key: _replace(item, substitutions) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, substitutions) for item in value]
    if not isinstance(value, str):
        return value
    return _PLACEHOLDER.sub(lambda match: substitutions[match[1]], value)
