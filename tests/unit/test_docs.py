"""The documentation says what is so: generated pages, names, links, and what readers type."""

import importlib.util
import re
import tomllib

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.cli.reference.commands import commands
from testfleet.cli.reference.models import documented_keys, toml_tables
from testfleet.cli.reference.pages import PAGES as GENERATED
from testfleet.cli.reference.pages import reference_folder, write_pages
from testfleet.cli.run_command import exit_code
from testfleet.config import ROOT, Environment
from testfleet.contracts.project import ProjectConfig
from testfleet.contracts.report import Cost, RunReport, RunStatus, ShardReport, TestReport, Totals
from testfleet.contracts.result import Outcome, WorkerErrorType
from testfleet.planning.project import parse_project
from testfleet.results.schema import report_schema
from testfleet.workflow.keys import RunKeys, environment_key, source_key
from testfleet.workflow.statemachine import load
from tests.docs_pages import PAGES, anchors, links, name, snippets, typed

DOCS = ROOT / "docs"
COMMANDS = {command.name for command in commands()}
MAKE_TARGETS = set(
    re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
)
TABLES = [(model, table) for model in (ProjectConfig, Environment) for table in toml_tables(model)]
OPTION = re.compile(r"--[a-z][a-z-]*")
SET_BY_THE_FILE_NAME = {"name"}


def help_of(command):
    words = [*command.split(), "--help"]
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"}).output


def options_of(command):
    return set(OPTION.findall(help_of(command)))


@pytest.mark.parametrize("file", sorted(GENERATED))
def test_a_generated_page_is_what_the_generator_gives(file):
    written = (reference_folder() / file).read_text("utf-8")
    assert written == GENERATED[file](), "write it anew: python -m testfleet.cli.reference"


def test_writing_the_pages_makes_their_folder(tmp_path):
    write_pages(tmp_path / "docs" / "reference")
    assert {page.name for page in (tmp_path / "docs" / "reference").iterdir()} == set(GENERATED)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_cli_page_has_every_option_of_the_help(command):
    text = (reference_folder() / "cli.md").read_text("utf-8")
    section = text.split(f"## testfleet {command}\n")[1].split("\n## ")[0]
    assert options_of(command) - {"--help"} <= set(OPTION.findall(section))


@pytest.mark.parametrize(("model", "table"), TABLES, ids=lambda each: getattr(each, "heading", ""))
def test_every_key_of_a_toml_file_has_a_row_and_a_meaning(model, table):
    file = "testfleet-toml.md" if model is ProjectConfig else "config.md"
    text = (reference_folder() / file).read_text("utf-8")
    meanings = documented_keys(table.model)
    for key in table.model.model_fields.keys() - SET_BY_THE_FILE_NAME:
        is_table = re.search(rf"^## `\[+(?:[^`]*\.)?{key}[\].]", text, re.MULTILINE)
        assert is_table or (f"| `{key}` |" in text and meanings[key]), f"{table.heading} {key}"


def test_exit_codes_of_runs_are_those_of_the_command():
    page = (reference_folder() / "exit-codes.md").read_text("utf-8")
    rejected = RunReport.model_construct(status=RunStatus.REJECTED, errors=())
    for status in RunStatus:
        report = rejected.model_copy(update={"status": status})
        assert f"| {exit_code(report)} | `{status.value}` |" in page


def test_the_report_page_names_every_key_and_word_of_the_schema():
    page = (reference_folder() / "report.md").read_text("utf-8")
    keys = set(re.findall(r"`([a-z_-]+)`", page))
    for model in (RunReport, ShardReport, TestReport, Cost, Totals):
        assert model.model_fields.keys() <= keys
    assert {word.value for word in (*Outcome, *RunStatus)} <= keys


def test_the_published_schema_is_that_of_the_contract():
    published = (reference_folder() / "report.schema.json").read_text("utf-8")
    assert published == report_schema(), "write it anew: python -m testfleet.cli.reference"


def test_the_state_machine_page_has_every_state():
    page = (reference_folder() / "state-machine.md").read_text("utf-8")
    machine = load("run-tests")
    inner = machine["States"]["RunShards"]["ItemProcessor"]["States"]
    assert {s for s in [*machine["States"], *inner] if f"| `{s}` |" not in page} == set()


def test_the_state_machine_page_has_every_key_of_the_bucket():
    page = (reference_folder() / "state-machine.md").read_text("utf-8")
    run = RunKeys("<run_id>")
    plain = {
        getattr(run, key) for key, value in vars(RunKeys).items() if isinstance(value, property)
    }
    keys = plain - {run.prefix, run.shards} | {source_key("<sha256>"), environment_key("<key>")}
    keys |= {
        getattr(run, key)("<shard_id>") for key in ("task", "result", "progress", "log", "loss")
    }
    keys |= {getattr(run, key)("<n>") for key in ("plan", "items")}
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_troubleshooting_has_every_type_of_error():
    page = (DOCS / "how-to" / "troubleshoot.md").read_text("utf-8")
    assert [kind for kind in WorkerErrorType if f"| `{kind.value}` |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(("page", "words"), typed(), ids=lambda each: str(each)[:60])
def test_what_readers_are_told_to_type_exists(page, words):
    words = words[: words.index("|")] if "|" in words else words
    match words:
        case ["testfleet", command, *rest]:
            ours = rest[: rest.index("--")] if "--" in rest else rest
            if command not in COMMANDS and rest:
                command = f"{command} {rest[0]}"
            assert command in COMMANDS
            assert {word for word in ours if word.startswith("--")} <= options_of(command), page
        case ["make", target, *_]:
            assert target in MAKE_TARGETS or re.sub("-.*", "-%", target) in MAKE_TARGETS
        case [python, "-m", module, *_] if python.endswith("python"):
            assert importlib.util.find_spec(module)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_programs_in_running_text_exist(page):
    text = page.read_text("utf-8")
    named = set(re.findall(r"`make ([a-z]+)[^`]*`", text))
    assert named - {"deploy"} <= MAKE_TARGETS
    modules = re.findall(r"`python -m ([a-z_.]+)[^`]*`", text)
    assert [module for module in modules if not importlib.util.find_spec(module)] == []


def test_configuration_in_the_pages_is_accepted():
    blocks = {name(page): [] for page in PAGES}
    for page, _, text in snippets("toml"):
        blocks[name(page)].append(text)
    projects = blocks.pop("docs/how-to/configure-a-suite.md")
    others = [text for found in blocks.values() for text in found]
    projects += [text for text in others if text.startswith("# testfleet.toml")]
    for text in projects:
        parse_project(text.encode())
    dev = tomllib.loads((ROOT / "config" / "dev.toml").read_text("utf-8"))
    for text in (text for text in others if text not in projects):
        found = tomllib.loads(text)
        found["profiles"] = dev["profiles"] | found.get("profiles", {})
        Environment.model_validate({"name": "dev"} | dev | found)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_no_registry_and_no_place_of_one_machine(page):
    text = page.read_text("utf-8")
    assert re.findall(r"https?://\S*(?:pypi|npmjs|registry|mirror)\S*", text) == []
    assert re.findall(r"(?<![\w.<])/(?:root|home|Users|work)/\S*", text) == []


def test_every_decision_is_in_the_list_under_its_own_title():
    folder = DOCS / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        title = page.read_text("utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}]({page.name})" in index


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("[0-9]*.md")), ids=name)
def test_a_decision_fits_on_a_page_and_says_what_it_costs(page):
    lines = page.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## Context",
        "## Decision",
        "## What it costs",
    ]
    assert len(lines) <= 60


def test_the_first_screen_of_the_readme_has_the_two_commands():
    screen = (ROOT / "README.md").read_text("utf-8").splitlines()[:25]
    assert {"$ make demo", "$ make test"} <= set(screen)
