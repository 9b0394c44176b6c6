"""The files that a run writes at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from testfleet.cli.console import print_json, show_error
from testfleet.errors import IncompleteError, UsageError

if TYPE_CHECKING:
    from testfleet.contracts.report import RunReport


@dataclass(frozen=True)
class Outputs:
    """What is written at the end, and how the run is shown."""

    report: Path | None = None
    junit: Path | None = None
    sarif: Path | None = None
    html: Path | None = None
    json: bool = False

    def check(self) -> None:
        """Find out before the run, not after it, that a file cannot be written."""
        for option, path in (
            ("--report", self.report),
            ("--junit", self.junit),
            ("--sarif", self.sarif),
            ("--html", self.html),
        ):
            if path is not None:
                _check_file(option, path)

    def write(self, report: RunReport, junit: Callable[[], bytes]) -> None:
        """Write the files, print the summary or the report, and say what could not be written.

        `junit` fetches the run's JUnit file.
        """
        from testfleet.cli.summary import print_summary

        bodies = dict(self._bodies(report, junit))
        problems = {
            path: problem for path, body in bodies.items() if (problem := _write(path, body))
        }
        if self.json:
            print_json(report.model_dump(mode="json"))
        else:
            print_summary(report, [path for path in bodies if path not in problems])
        for error in report.errors:
            show_error(error.message)
        for path, problem in problems.items():
            raise IncompleteError(
                f"{path} cannot be written: {problem}", hint="free or mend it, then run again"
            )

    def _bodies(
        self, report: RunReport, junit: Callable[[], bytes]
    ) -> Iterator[tuple[Path, bytes]]:
        if self.report:
            yield self.report, report.model_dump_json(indent=2).encode() + b"\n"
        if self.junit:
            yield self.junit, junit()
        if self.sarif:
            from testfleet.results.sarif import sarif

            yield self.sarif, sarif(report)
        if self.html:
            from testfleet.results.html.page import html_page

            yield self.html, html_page(report)


def _check_file(option: str, path: Path) -> None:
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir():
        raise UsageError(
            f"{option} {path}: expected a file in a folder that exists",
            hint="name a file" if path.is_dir() else f"create {folder} first, or name another file",
        )
    is_new = not path.exists()
    try:
        path.open("ab").close()  # Rights alone don't tell: there are read-only file systems.
    except OSError as exc:
        raise UsageError(
            f"{option} {path}: cannot be written: {exc.strerror or exc}",
            hint="name another file",
        ) from exc
    if is_new:
        path.unlink()


def _write(path: Path, body: bytes) -> str:
    """Write the file; what went wrong, or nothing."""
    try:
        path.write_bytes(body)
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""
