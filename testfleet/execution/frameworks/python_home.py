"""Lets Python programs of a command import the working copy where they would import the tree at
home: `pytest_remap` for processes that nobody of us starts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

REMAP: Final = Path(__file__).parents[1] / "pytest_remap.py"

_SITECUSTOMIZE: Final = '''"""Written by Testfleet: see python_home.py there."""
import importlib.util
import os
import sys

def _apply():
    spec = importlib.util.spec_from_file_location("_testfleet_remap", {remap!r})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.apply({pairs})

def _give_way():
    """Whoever else has a sitecustomize shall have it run."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    own = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize
    except ImportError:
        pass
    finally:
        sys.modules.setdefault("sitecustomize", own)

if sys.version_info >= (3, 8):
    _apply()
_give_way()
'''


def python_variables(
    folder: Path, pairs: Sequence[tuple[str, str]], variables: Mapping[str, str]
) -> dict[str, str]:
    """Variables for programs that are to exchange each `(original, copy)`. Writes a file there."""
    if not pairs:
        return {}
    folder.mkdir(exist_ok=True)
    told = json.dumps([list(pair) for pair in pairs])
    text = _SITECUSTOMIZE.format(remap=str(REMAP), pairs=told)
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    others = variables.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *([others] if others else [])])}
