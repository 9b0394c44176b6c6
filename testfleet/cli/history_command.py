"""`testfleet history`: what past runs have left of a suite, and what other tools knew before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, PathArgument, SuiteOption
from testfleet.cli.suite_project import suite_project

if TYPE_CHECKING:
    from testfleet.cli.past_files import PastFiles
    from testfleet.cli.suite_project import SuiteProject
    from testfleet.planning.prediction.past.merge import Imported

_SKIPPED_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("import")(import_past)
    group.command("show")(show)
    app.add_typer(group, name="history", help="What past runs tell of a suite's files and tests.")


def import_past(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE_OR_FOLDER",
            help="JUnit XML, pytest-split's .test_durations, CSV, or folders of them. Of several,"
            " the last is the root of the project if it is a folder.",
        ),
    ],
    *,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Import durations and outcomes that other tools have kept, so that the first plan knows them.

    The same run counts once, however often it is imported.
    """
    from testfleet.cli.past_files import read_files
    from testfleet.planning.prediction.past.files import FileIndex
    from testfleet.planning.prediction.past.merge import Memory, import_runs

    *given, last = sources
    path = last if given and last.is_dir() else Path()
    project = suite_project(path, suite, env)
    read = read_files(given if given and last.is_dir() else sources)

    from testfleet.cli.client import connect

    store = connect(env, say).history
    old = Memory(store.load(project.key), store.details(project.key))
    done = import_runs(old, read.runs, FileIndex(project.files, project.suite.root))
    _refuse_foreign(done, project)
    if done.runs:
        store.save(project.key, done.memory.units)
        store.save_details(project.key, done.memory.details)
    _tell_import(done, read, project, json=json)


def show(
    path: PathArgument = Path(),
    *,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Show what is known of the suite: how long, how sure, what is slow, what fails."""
    project = suite_project(path, suite, env)

    from testfleet.cli.client import connect
    from testfleet.cli.history_view import as_json, print_history

    store = connect(env, say).history
    units, details = store.load(project.key), store.details(project.key)
    if json:
        print_json({"suite": project.suite.name, **as_json(units, details)})
    else:
        print_history(project.suite.name, units, details)


def _refuse_foreign(done: Imported, project: SuiteProject) -> None:
    from testfleet.errors import UsageError

    if done.unmapped and not done.tests:
        raise UsageError(
            f"none of {done.unmapped} tests belongs to a file of {project.root}, e.g. "
            + ", ".join(done.examples),
            hint="name the project's root as the last argument, after the files to import",
        )


def _tell_import(done: Imported, read: PastFiles, project: SuiteProject, *, json: bool) -> None:
    if json:
        print_json(
            {
                "suite": project.suite.name,
                "files": read.read,
                "skipped": read.skipped,
                **_counts(done),
            }
        )
        return
    plain = out()
    plain.print(
        f"imported {_many(done.runs, 'run')} of suite {project.suite.name}:"
        f" {_many(done.tests, 'test')} in {_many(done.units, 'file')}",
        markup=False,
    )
    if done.known:
        say(f"{_many(done.known, 'run')} left out: imported before")
    if done.unmapped:
        say(f"{done.unmapped} belong to no file of the project, e.g. {', '.join(done.examples)}")
    if done.without_duration:
        say(f"{done.without_duration} have no usable duration: only their outcome counts")
    for file, reason in list(read.skipped.items())[:_SKIPPED_SHOWN]:
        say(f"skipped {file}: {reason}")
    if len(read.skipped) > _SKIPPED_SHOWN:
        say(f"skipped {len(read.skipped) - _SKIPPED_SHOWN} more files; --json lists all")


def _counts(done: Imported) -> dict[str, Any]:
    return {
        "runs": done.runs,
        "known_before": done.known,
        "units": done.units,
        "tests": done.tests,
        "unmapped": done.unmapped,
        "unmapped_examples": done.examples,
        "without_duration": done.without_duration,
    }


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
