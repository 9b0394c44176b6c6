"""Entry: `python start.py SETTINGS.json`. Gives this folder a private package name and serves."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "_testfleet_repair"


def main() -> None:
    """Serve until told to stop."""
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, str(HERE / "__init__.py"), submodule_search_locations=[str(HERE)]
    )
    assert spec is not None and spec.loader is not None  # noqa: S101  for the type checker
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(PACKAGE + ".server").main(settings)


if __name__ == "__main__":
    main()
