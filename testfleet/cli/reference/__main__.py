"""Writes the generated pages of docs/reference anew, the report's JSON Schema among them."""

from __future__ import annotations

from testfleet.cli.reference.pages import reference_folder, write_pages
from testfleet.results import schema


def main() -> None:
    """Write everything that tests compare with the code."""
    write_pages(reference_folder())
    schema.main()


if __name__ == "__main__":
    main()
