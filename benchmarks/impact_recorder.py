"""Runs pytest on a file under the recorder of a worker, in the interpreter of the suite.

Arguments: the recorder's module, the root of the tree, the file to write, and those of pytest.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path


def main() -> int:
    module, root, told, *args = sys.argv[1:]
    sys.path[0] = ""
    spec = importlib.util.spec_from_file_location("_recorder", module)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    recorder = loaded.Recorder(root)
    recorder.start()
    import pytest  # noqa: PLC0415  its plugins of the project are recorded, too

    status = int(pytest.main(args))
    trace = {**recorder.finish(), "status": status}
    Path(told).write_text(json.dumps(trace), encoding="ascii")
    return status


if __name__ == "__main__":
    sys.exit(main())
