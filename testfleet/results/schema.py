"""The report's JSON Schema, as published in docs/reference.

`python -m testfleet.results.schema` writes the file anew after a change of the contract.
"""

from __future__ import annotations

import json
from pathlib import Path

from testfleet.config import ROOT
from testfleet.contracts.base import SCHEMA_VERSION
from testfleet.contracts.report import RunReport


def schema_path(root: Path = ROOT) -> Path:
    """Where the published schema lies in the checkout."""
    return root / "docs" / "reference" / "report.schema.json"


def report_schema() -> str:
    """The text of the published schema (JSON Schema 2020-12), ending with a newline."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "made by python -m testfleet.results.schema; do not edit",
        **RunReport.model_json_schema(mode="serialization"),
        "title": f"Testfleet run report, version {SCHEMA_VERSION}",
    }
    return json.dumps(schema, indent=2) + "\n"


def main() -> None:
    """Write the schema to its place."""
    path = schema_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
