import pytest

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.run import Mode
from testfleet.errors import UsageError
from testfleet.planning.discovery.discover import discover, framework_named
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from testfleet.planning.project import parse_project, resolve_suite
from tests.planning_samples import MemoryTree

TEST = "def test_one(): pass\n"
DOCTEST = '"""\n>>> 1\n1\n"""\n'


def found(files: dict[str, str], *args: str, root: str = ".") -> list[str]:
    return [unit.id for unit in discovery(files, *args, root=root).units]


def discovery(files: dict[str, str], *args: str, root: str = ".") -> Discovery:
    return PytestFramework().discover(DiscoveryRequest(MemoryTree(files), root, args))


def test_without_configuration_files_named_like_tests_are_found_everywhere() -> None:
    files = dict.fromkeys(["test_a.py", "pkg/b_test.py", "pkg/helper.py", "tests.py"], TEST)
    assert found(files) == ["pkg/b_test.py", "test_a.py"]


def test_units_come_in_the_order_of_collection() -> None:
    names = ["b/test_1.py", "b.py/test_2.py", "a_test.py", "c/__init__.py", "c/a_test.py"]
    files = dict.fromkeys(names, TEST) | {"pytest.ini": "[pytest]\npython_files=*.py"}
    assert found(files) == [
        "a_test.py",
        "b/test_1.py",
        "b.py/test_2.py",
        "c/__init__.py",
        "c/a_test.py",
    ]


def test_hidden_built_and_virtualenv_folders_are_left_out() -> None:
    folders = ["build", "dist", ".tox", "node_modules", "x.egg", "__pycache__", "env/lib"]
    files = {f"{folder}/test_a.py": TEST for folder in folders} | {"env/pyvenv.cfg": ""}
    assert found(files | {"ok/test_a.py": TEST}) == ["ok/test_a.py"]
    assert "env/lib/test_a.py" in found(files, "--collect-in-virtualenv")


def test_norecursedirs_replaces_the_usual_list() -> None:
    files = {"build/test_a.py": TEST, "slow/x/test_b.py": TEST, "a/slow/test_c.py": TEST}
    assert found(files | {"pytest.ini": "[pytest]\nnorecursedirs = slow/x"}) == [
        "a/slow/test_c.py",
        "build/test_a.py",
    ]


def test_testpaths_with_globs_restrict_the_search() -> None:
    files = dict.fromkeys(["a/tests/test_1.py", "b/tests/x/test_2.py", "c/test_3.py"], TEST)
    config = {"pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["*/tests"]'}
    assert found(files | config) == ["a/tests/test_1.py", "b/tests/x/test_2.py"]


def test_testpaths_that_match_nothing_fall_back_to_the_whole_suite() -> None:
    assert found({"test_a.py": TEST, "pytest.ini": "[pytest]\ntestpaths = gone"}) == ["test_a.py"]


def test_testpaths_of_a_parent_folder_do_not_apply() -> None:
    files = {"pytest.ini": "[pytest]\ntestpaths = x\n", "app/test_a.py": TEST, "x/test_b.py": TEST}
    assert found(files, root="app") == ["app/test_a.py"]


def test_a_suites_root_limits_the_search_and_resolves_its_arguments() -> None:
    files = dict.fromkeys(["app/tests/test_a.py", "app/test_b.py", "test_c.py"], TEST)
    assert found(files, root="app") == ["app/test_b.py", "app/tests/test_a.py"]
    assert found(files, "tests", root="app") == ["app/tests/test_a.py"]
    assert found(files, "../test_c.py", root="app") == ["test_c.py"]


def test_paths_and_node_ids_restrict_the_units() -> None:
    files = dict.fromkeys(["t/test_a.py", "t/u/test_b.py", "test_c.py"], TEST)
    assert found(files, "t/u", "test_c.py::test_one") == ["t/u/test_b.py", "test_c.py"]
    assert found(files, "t", "t/u/test_b.py") == ["t/test_a.py", "t/u/test_b.py"]


def test_a_file_given_by_name_need_not_look_like_a_test() -> None:
    files = {"checks.py": TEST, "build/test_a.py": TEST, "guide.rst": DOCTEST}
    assert found(files, "checks.py", "build/test_a.py", "guide.rst") == [
        "checks.py",
        "build/test_a.py",
        "guide.rst",
    ]


def test_ignored_paths_and_globs_are_left_out_wherever_they_were_asked_for() -> None:
    files = dict.fromkeys(["a/test_1.py", "b/test_2.py", "c/d/test_3.py", "test_4.py"], TEST)
    config = {"tox.ini": "[pytest]\naddopts = --ignore=a\n"}
    assert found(files | config, "--ignore-glob=*/d", "--ignore", "b/test_2.py") == ["test_4.py"]


def test_doctest_modules_makes_every_module_a_unit_but_setup_and_main() -> None:
    files = {"m.py": DOCTEST, "setup.py": "import setuptools", "p/__main__.py": "", "p/x.py": ""}
    assert found(files, "--doctest-modules") == ["m.py", "p/x.py"]
    assert found(files) == []


def test_text_files_with_examples_are_units_by_the_doctest_glob() -> None:
    files = {"test_doc.txt": DOCTEST, "test_notes.txt": "no examples", "readme.md": DOCTEST}
    assert found(files) == ["test_doc.txt"]
    assert found(files, "--doctest-glob=*.md") == ["readme.md"]
    assert found(files, "-p", "no:doctest") == []


def test_an_override_on_the_command_line_beats_the_file() -> None:
    files = {
        "check_a.py": TEST,
        "test_b.py": TEST,
        "pytest.ini": "[pytest]\npython_files=test_*.py",
    }
    assert found(files, "-o", "python_files=check_*.py") == ["check_a.py"]


def test_a_configuration_named_on_the_command_line_is_used() -> None:
    files = {
        "other.ini": "[pytest]\npython_files=check_*.py",
        "check_a.py": TEST,
        "test_b.py": TEST,
    }
    assert found(files, "-c", "other.ini") == ["check_a.py"]


def test_pyargs_finds_packages_of_the_tree() -> None:
    files = {"src/pkg/tests/test_a.py": TEST, "test_b.py": TEST}
    assert found(files, "--pyargs", "pkg.tests") == ["src/pkg/tests/test_a.py"]


def test_pyargs_applies_to_testpaths_too() -> None:
    files = {"pkg/test_a.py": TEST, "test_b.py": TEST, "pytest.ini": "[pytest]\ntestpaths = pkg"}
    assert found(files, "--pyargs") == ["pkg/test_a.py"]


def test_a_name_that_is_not_utf8_is_left_to_the_shard_that_takes_the_rest() -> None:
    assert found({"test_\udcff.py": TEST, "test_b.py": TEST}) == ["test_b.py"]


def test_addopts_with_an_open_quote_in_the_suites_variables_is_told() -> None:
    suite = resolve_suite(
        parse_project(b'[suites.a.env]\nPYTEST_ADDOPTS = "-k \'x"'), "a", Mode.FULL
    )
    with pytest.raises(UsageError, match="suite 'a': env PYTEST_ADDOPTS: No closing quotation"):
        discover(MemoryTree({}), suite, (), {})


def test_tests_are_counted_without_running_them() -> None:
    source = (
        "import gone\nclass TestA:\n    def test_a(self): ...\n    async def test_b(self): ...\n"
    )
    units = discovery({"test_a.py": source + "def testing(): ...\ndef helper(): ...\n"}).units
    assert [unit.tests_estimate for unit in units] == [3]


def test_each_source_is_read_once_and_that_of_a_known_unit_not_for_its_tests() -> None:
    tree = MemoryTree({"test_a.py": TEST, "test_b.py": TEST})
    request = DiscoveryRequest(tree, known_tests={"test_a.py": 7})
    units = PytestFramework().discover(request).units
    assert [unit.tests_estimate for unit in units] == [7, 1]
    assert tree.read_paths == ["test_a.py", "test_b.py"]


@pytest.mark.parametrize(
    ("files", "args", "is_open"),
    [
        ({"test_a.py": TEST}, [], False),
        ({"test_a.py": TEST, "conftest.py": ""}, [], True),
        ({"test_a.py": TEST}, ["-p", "plugin"], True),
        ({"test_a.py": TEST}, ["--nbval"], True),
        ({"test_a.py": TEST}, ["-x", "--strict-markers"], False),
    ],
)
def test_plugins_and_conftest_files_leave_the_discovery_open(
    files: dict[str, str], args: list[str], is_open: bool
) -> None:
    assert discovery(files, *args).open_ended is is_open


def test_the_notes_say_where_the_settings_come_from() -> None:
    files = {"test_a.py": TEST, "tox.ini": "[pytest]\n"}
    assert discovery(files).notes == ("looked for test files in . by settings of tox.ini",)
    assert discovery({"test_a.py": TEST}).notes == (
        "looked for test files in . by pytest's defaults",
    )


def test_a_suites_own_addopts_variable_counts() -> None:
    project = parse_project(b'[suites.a.env]\nPYTEST_ADDOPTS = "--ignore=slow"')
    tree = MemoryTree({"slow/test_a.py": TEST, "test_b.py": TEST})
    suite = resolve_suite(project, "a", Mode.FULL)
    history = {"test_b.py": UnitHistory(duration_s=1, tests=4, runs=1)}
    units = discover(tree, suite, (), history).units
    assert [(unit.id, unit.tests_estimate) for unit in units] == [("test_b.py", 4)]


def test_a_tree_is_recognised_by_its_configuration_or_its_files() -> None:
    framework = PytestFramework()
    assert framework.detect(MemoryTree({"tox.ini": "[pytest]\n"}), ".")
    assert framework.detect(MemoryTree({"a/test_x.py": TEST}), ".")
    assert not framework.detect(MemoryTree({"a/x.py": ""}), ".")


def test_an_unknown_framework_is_told_beside_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no framework 'karma': known are command, eslint, jest"):
        framework_named("karma")


@pytest.mark.parametrize(
    ("names", "args", "together"),
    [
        (["a/test_x.py", "b/test_x.py", "c/test_y.py"], [], (("a/test_x.py", "b/test_x.py"),)),
        (["a/test_x.py", "b/test_x.py"], ["--import-mode=importlib"], ()),
        (["a/__init__.py", "a/test_x.py", "b/test_x.py"], [], ()),
        (["a/__init__.py", "a/test_x.py", "b/__init__.py", "b/test_x.py"], [], ()),
        (
            ["a/t/__init__.py", "a/t/test_x.py", "b/t/__init__.py", "b/t/test_y.py"],
            [],
            (("a/t/test_x.py", "b/t/test_y.py"),),
        ),
    ],
)
def test_files_that_one_module_name_stands_for_stay_together(
    names: list[str], args: list[str], together: tuple[tuple[str, ...], ...]
) -> None:
    assert discovery(dict.fromkeys(names, TEST), *args).together == together
