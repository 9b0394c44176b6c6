import pytest

from testfleet.contracts.project import ProjectConfig
from testfleet.contracts.run import Mode
from testfleet.errors import UsageError
from testfleet.planning.project import load_project, parse_project, resolve_suite
from tests.planning_samples import MemoryTree

TWO_SUITES = b"""
[suites.unit]
root = "backend"
args = ["-q"]
env = { A = "1", B = "2" }
[suites.unit.modes.lightweight]
args = ["-m", "not slow"]
env = { B = "3" }
[suites.browser]
profile = "fargate"
"""


def test_a_tree_without_the_file_has_one_default_pytest_suite() -> None:
    suite = resolve_suite(load_project(MemoryTree({})), None, Mode.FULL)
    assert (suite.name, suite.framework, suite.root) == ("default", "pytest", ".")


def test_a_mode_adds_arguments_and_overrides_variables() -> None:
    suite = resolve_suite(parse_project(TWO_SUITES), "unit", Mode.LIGHTWEIGHT)
    assert suite.args == ("-q", "-m", "not slow")
    assert suite.env == {"A": "1", "B": "3"}


def test_a_mode_that_the_suite_does_not_mention_adds_nothing() -> None:
    suite = resolve_suite(parse_project(TWO_SUITES), "unit", Mode.INTEGRATION)
    assert (suite.args, suite.env) == (("-q",), {"A": "1", "B": "2"})


def test_the_only_suite_needs_no_name() -> None:
    project = parse_project(b'[suites.api]\nroot = "api"')
    assert resolve_suite(project, None, Mode.FULL).name == "api"


def test_among_several_suites_the_one_called_default_is_usual() -> None:
    project = parse_project(b"[suites.default]\n[suites.slow]\n")
    assert resolve_suite(project, None, Mode.FULL).name == "default"


def test_several_suites_without_a_choice_are_listed() -> None:
    with pytest.raises(UsageError, match="has 2 suites: browser, unit") as caught:
        resolve_suite(parse_project(TWO_SUITES), None, Mode.FULL)
    assert "--suite" in caught.value.hint


def test_an_unknown_suite_is_named_beside_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no suite 'e2e': the project has browser, unit"):
        resolve_suite(parse_project(TWO_SUITES), "e2e", Mode.FULL)
    with pytest.raises(UsageError, match="no suites, so only `default`"):
        resolve_suite(ProjectConfig(), "e2e", Mode.FULL)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[suites.a\n", r"testfleet\.toml: .*line 1"),
        (b"a = 1\nb = = 2\n", "line 2"),
        (b"[suites.a]\nrooot = 'x'", r"testfleet\.toml: suites\.a\.rooot: unknown key"),
        (b"[enviroment]\n", "enviroment: unknown key"),
        (b"[suites.a]\ntest_timeout_s = 'long'", r"suites\.a\.test_timeout_s: .*number.*'long'"),
        (b"[suites.a]\nroot = '../x'", "expected a folder inside the repository"),
        (b"[suites.a.modes.turbo]\n", r"suites\.a\.modes\.turbo.*'lightweight'"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
    ],
)
def test_a_wrong_file_is_told_by_name_key_and_expectation(text: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_project(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (b"[suites.a]\nrooot = 'x'", "did you mean `root`?"),
        (b"[enviroment]\n", "did you mean `environment`?"),
        (b"[environment]\nzzz = 1", "keys there: python, setup, inputs"),
        (b"[suites.a.modes.full]\nargz = []", "did you mean `args`?"),
    ],
)
def test_an_unknown_key_comes_with_the_allowed_ones(text: bytes, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_project(text)
    assert hint in caught.value.hint
