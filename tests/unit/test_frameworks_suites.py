"""Suites of a repository that names none."""

import pytest

from testfleet.errors import UsageError
from testfleet.planning.discovery.suites import with_detected
from testfleet.planning.project import parse_project, resolve_suite
from tests.planning_samples import MemoryTree

TS = {"package.json": "{}", "tsconfig.json": "{}", "a.ts": ""}


def suites(files, toml=""):
    project = with_detected(parse_project(toml.encode()), MemoryTree(files))
    return {name: (suite.framework, suite.root) for name, suite in project.suites.items()}


def usual(files, toml=""):
    project = with_detected(parse_project(toml.encode()), MemoryTree(files))
    return resolve_suite(project, None, "full").name


def test_a_repository_of_python_alone_stays_as_it_was():
    assert suites({"test_a.py": "", "pyproject.toml": ""}) == {}


def test_what_testfleet_toml_names_is_all_there_is():
    toml = "[suites.mine]\n"
    assert suites(TS, toml) == {"mine": ("pytest", ".")}


def test_each_framework_at_the_root_is_a_suite_of_its_name():
    files = {**TS, "eslint.config.js": ""}
    assert suites(files) == {"eslint": ("eslint", "."), "tsc": ("tsc", ".")}


def test_beside_another_framework_pytest_stays_the_default():
    files = {**TS, "test_a.py": "def test_a(): pass"}
    assert suites(files)["default"] == ("pytest", ".")
    assert usual(files) == "default"


@pytest.mark.parametrize(
    "workspace",
    [
        {"package.json": '{"workspaces": ["packages/*"]}'},
        {"package.json": '{"workspaces": {"packages": ["packages/*"]}}'},
        {"package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - 'packages/*' # all\n"},
        {"package.json": "{}", "lerna.json": '{"packages": ["packages/a", "packages/b"]}'},
    ],
)
def test_packages_of_a_workspace_are_looked_into(workspace):
    files = {**workspace, "other/x/package.json": "{}", "other/x/tsconfig.json": "{}"}
    for name in "ab":
        files |= {f"packages/{name}/package.json": "{}", f"packages/{name}/tsconfig.json": "{}"}
    assert suites(files) == {
        "packages/a/tsc": ("tsc", "packages/a"),
        "packages/b/tsc": ("tsc", "packages/b"),
    }


def test_a_framework_at_the_root_looks_into_the_packages_itself():
    files = {**TS, "web/package.json": "{}", "web/tsconfig.json": "{}", "web/eslint.config.js": ""}
    assert set(suites(files)) == {"tsc", "web/eslint"}


def test_checks_run_only_when_they_are_asked_for_or_alone():
    assert usual(TS) == "tsc"
    two = '[suites.a]\n[suites.types]\nframework = "tsc"\n'
    assert usual(TS, two) == "a"
    with pytest.raises(UsageError, match="has 2 suites: a, b"):
        usual(TS, "[suites.a]\n[suites.b]\n")


@pytest.mark.parametrize("broken", ["", "[", '"x"', '{"workspaces": 3}', "[" * 100_000])
def test_a_broken_package_json_hides_no_suite(broken):
    assert suites({**TS, "package.json": broken}) == {"tsc": ("tsc", ".")}
