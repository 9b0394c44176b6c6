"""Which tests a change can reach."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.coverage import UnitTrace
from testfleet.contracts.impact import Cause
from testfleet.errors import UsageError
from testfleet.planning.impact.blocks import cut_blocks
from testfleet.planning.impact.imports.build import Readers
from testfleet.planning.impact.imports.graph import EdgeKind, ImportGraph
from testfleet.planning.impact.reach import impact
from testfleet.planning.impact.recorded import coverage_of, merged
from testfleet.planning.impact.selection import SelectionOptions
from tests.impact_samples import Sources, deleted, modified, renamed, selected, selection

A, B = "tests/test_a.py", "tests/test_b.py"
TEST = "def test(): ...\n"


def project(**more):
    """Two tests; the first imports `shop.a`. Keys: `__` stands for a slash, `.py` is added."""
    named = {key.replace("__", "/") + ".py": text for key, text in more.items()}
    return {A: f"import shop.a\n{TEST}", B: TEST, "shop/a.py": ""} | named


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        pytest.param({"shop/a.py": ""}, "shop/a.py", id="flat namespace"),
        pytest.param({"shop/__init__.py": "", "shop/a.py": ""}, "shop/a.py", id="flat"),
        pytest.param({"src/shop/__init__.py": "", "src/shop/a.py": ""}, "src/shop/a.py", id="src"),
        pytest.param({"lib/py/shop/a.py": ""}, "lib/py/shop/a.py", id="namespace in a deep root"),
        pytest.param({"tests/shop/a.py": ""}, "tests/shop/a.py", id="beside the test"),
        pytest.param(
            {"shop/__init__.py": "", "shop/a/__init__.py": ""}, "shop/a/__init__.py", id="package"
        ),
        pytest.param({"shop/__init__.py": "", "shop/a.py": ""}, "shop/__init__.py", id="parent"),
        pytest.param(
            {"shop/a.py": "def f():\n    from . import b", "shop/b.py": ""},
            "shop/b.py",
            id="relative, in a function",
        ),
        pytest.param(
            {"shop/a.py": "from .in_.c import x", "shop/in_/c.py": "from ..d import y",
             "shop/d.py": ""},
            "shop/d.py",
            id="two up",
        ),
        pytest.param(
            {"shop/a.py": "from pkg import Thing", "pkg/__init__.py": "from ._x import *",
             "pkg/_x.py": ""},
            "pkg/_x.py",
            id="re-export",
        ),
        pytest.param(
            {"shop/a.py": "from pkg import *", "pkg/__init__.py": "__all__ = ['x']",
             "pkg/x.py": ""},
            "pkg/x.py",
            id="star with submodules",
        ),
        pytest.param(
            {"shop/a.py": "import shop.b", "shop/b.py": "import shop.a\nimport shop.c",
             "shop/c.py": ""},
            "shop/c.py",
            id="cycle",
        ),
        pytest.param(
            {"shop/a.py": "import other.real", "code/real.py": "",
             "pyproject.toml": "[tool.setuptools.package-dir]\nother = 'code'"},
            "code/real.py",
            id="a module of a package under another name",
        ),
        pytest.param(
            {"shop/a.py": "from unittest.mock import patch\npatch('shop.z.f')", "shop/z.py": ""},
            "shop/z.py",
            id="patched by name",
        ),
        pytest.param(
            {"shop/a.py": "tool = 'scripts/tool.py'", "scripts/tool.py": ""},
            "scripts/tool.py",
            id="a script by its path",
        ),
        pytest.param(
            {"shop/a.py": "from subprocess import run\nrun(['shop-tool'])", "tool/cli.py": "",
             "pyproject.toml": "[project.scripts]\nshop-tool = 'tool.cli:main'"},
            "tool/cli.py",
            id="a console script",
        ),
        pytest.param(
            {"shop/a.py": "from pathlib import Path\nload(Path(__file__), 'plugins')",
             "shop/plugins/p.py": ""},
            "shop/plugins/p.py",
            id="a folder by name",
        ),
    ],
)  # fmt: skip
def test_a_change_reaches_whoever_imports_it_and_nobody_else(files, changed):
    assert selected(project() | {"shop/a.py": ""} | files, changed) == {A}


def test_the_reason_is_the_shortest_chain():
    files = project(shop__a="import shop.b\nimport shop.c", shop__b="import shop.c", shop__c="")
    reason = selection(files, modified("shop/c.py")).reasons[A]
    assert (reason.cause, reason.chain) == (Cause.REACHED, ("shop/c.py", "shop/a.py", A))


def test_an_untouched_unit_says_so():
    assert selection(project(), modified("shop/a.py")).reasons[B].cause is Cause.UNTOUCHED


@pytest.mark.parametrize("place", ["conftest.py", "tests/conftest.py"])
def test_every_test_depends_on_the_conftests_above_it(place):
    files = project() | {place: "import helper", "helper.py": "", "other/test_c.py": TEST}
    expected = {A, B} | ({"other/test_c.py"} if place == "conftest.py" else set())
    assert selected(files, place) == selected(files, "helper.py") == expected


def test_a_conftest_with_hooks_for_the_session_concerns_all():
    files = project() | {
        "other/conftest.py": "def pytest_configure(): ...",
        "other/test_c.py": TEST,
    }
    assert selected(files, "other/conftest.py") == {A, B, "other/test_c.py"}


@pytest.mark.parametrize(
    "more",
    [
        {"conftest.py": "pytest_plugins = ['kit.plug']"},
        {"pytest.ini": "[pytest]\naddopts = -p kit.plug"},
        {"testfleet.toml": "[suites.default.env]\nPYTEST_PLUGINS = 'kit.plug'"},
        {"testfleet.toml": "[suites.default]\nargs = ['-p', 'kit.plug']"},
        {"pyproject.toml": "[project.entry-points.pytest11]\nkit = 'kit.plug'"},
        {"setup.cfg": "[options.entry_points]\npytest11 =\n    kit = kit.plug"},
        {"setup.py": "setup(entry_points={'pytest11': ['kit = kit.plug']})"},
    ],
)
def test_plugins_of_the_session_concern_all(more):
    assert selected(project(kit__plug="") | more, "kit/plug.py") == {A, B}


@pytest.mark.parametrize(
    "more",
    [
        {"pytest.ini": "[pytest]\npythonpath = pkg", "pkg/__init__.py": "", "pkg/mod.py": ""},
        {"conftest.py": "import sys\nsys.path.insert(0, 'pkg')", "pkg/__init__.py": "",
         "pkg/mod.py": ""},
        {"pkg/mod.py": ""},
    ],
)  # fmt: skip
def test_import_roots_come_from_settings_conftests_and_the_layout(more):
    files = project(shop__a="import mod") | more
    assert A in selected(files, "pkg/mod.py")


def test_the_root_itself_may_be_a_package():
    files = dict.fromkeys(("__init__.py", "a.py", "b.py"), "")
    files["test_a.py"] = f"from repo.a import x\n{TEST}"
    assert selected(files, "a.py") == selected(files, "__init__.py") == {"test_a.py"}
    assert selected(files, "b.py") == set()


def test_the_project_by_its_own_name_is_unknown_when_no_file_answers_to_it():
    files = project(shop__a="import shop_core", island="")
    assert selected(files, "island.py") == set()
    files["pyproject.toml"] = "[project]\nname = 'shop-core'"
    assert selected(files, "island.py") == {A}


def test_a_broken_pytest_configuration_is_a_usage_error():
    with pytest.raises(UsageError, match=r"pytest\.toml"):
        selected(project() | {"pytest.toml": "[pytest"}, "shop/a.py")


def test_two_modules_of_one_name_are_both_followed():
    files = project(shop__a="import util", one__util="", two__util="")
    assert selected(files, "one/util.py") == selected(files, "two/util.py") == {A}


def test_who_imported_a_file_that_is_gone_is_selected():
    files = project(shop__a="from shop import old\nimport lost.thing")
    assert set(selection(files, deleted("shop/old.py")).selected) == {A}
    assert set(selection(files, renamed("lost/thing.py", "found/thing.py")).selected) == {A}


def test_a_package_that_lost_its_init_concerns_what_is_in_it():
    assert set(selection(project(), deleted("shop/__init__.py")).selected) == {A}


def test_a_deleted_conftest_concerns_the_tests_below():
    files = project() | {"other/test_c.py": TEST}
    assert set(selection(files, deleted("tests/conftest.py")).selected) == {A, B}


@pytest.mark.parametrize(
    "loader",
    [
        "import importlib\ndef load(name): return importlib.import_module(name)",
        "import runpy\nrunpy.run_path(x)",
        "import sys\ncommand = [sys.executable, script]",
        "def broken(:",
    ],
)
def test_what_depends_on_the_unknown_runs_for_every_change_of_code(loader):
    files = project(shop__a="import loader", loader=loader, island="")
    found = selection(files, modified("island.py"))
    assert set(found.selected) == {A}
    assert found.reasons[A].chain == ("loader.py", "shop/a.py", A)


def test_an_unknown_test_runs_even_when_only_another_test_changed():
    files = project() | {A: f"import runpy\nrunpy.run_path(x)\n{TEST}"}
    assert selected(files, B) == {A, B}


def test_what_a_library_loads_by_itself_is_no_test():
    files = project(shop__a="import importlib\nimportlib.import_module(x)")
    assert selected(files, B) == {B}


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("pyproject.toml", Cause.CONFIGURATION),
        ("requirements-dev.txt", Cause.CONFIGURATION),
        ("uv.lock", Cause.CONFIGURATION),
        ("tests/data.json", Cause.DATA),
        ("shop/fast.c", Cause.DATA),
        ("shop/template.md", Cause.DATA),
        ("web/app.ts", Cause.DATA),
        (".github/workflows/ci.yml", Cause.DATA),
    ],
)
def test_configuration_and_data_concern_all(path, cause):
    files = project() | {"shop/__init__.py": "", path: ""}
    found = selection(files, modified(path))
    assert {one.cause for one in found.reasons.values()} == {cause}


def test_a_link_changes_with_what_it_leads_to():
    files = project(shop__a="x = 1", origin__a="x = 1")
    assert selected(files, "origin/a.py") == {A}


def test_what_the_environment_is_built_from_concerns_all():
    files = project(tools__install="") | {
        "testfleet.toml": "[environment]\ninputs = ['tools/*.py']",
    }
    assert selected(files, "tools/install.py") == {A, B}


def test_documents_concern_only_tests_that_name_them_or_walk():
    files = project(shop__a="open('README.md')") | {"README.md": "", "docs/index.rst": ""}
    assert selected(files, "README.md") == {A}
    assert selected(files, "docs/index.rst") == set()
    files[B] = f"import glob\nglob.glob('docs/*.rst')\n{TEST}"
    assert selected(files, "docs/index.rst") == {B}


def test_a_text_of_doctests_is_a_unit_like_any_other():
    files = project() | {
        "docs/use.rst": ">>> import shop.a\n",
        "pytest.ini": "[pytest]\naddopts = --doctest-glob=*.rst",
    }
    assert selected(files, "docs/use.rst") == {"docs/use.rst"}
    assert selected(files, "shop/a.py") == {A, "docs/use.rst"}


def test_scripts_in_a_package_of_their_own_concern_python_only_by_name():
    files = project() | {"web/package.json": "{}", "web/app.ts": ""}
    assert selected(files, "web/app.ts") == selected(files, "web/package.json") == set()
    files[A] = f"page = 'web/app.ts'\n{TEST}"
    assert selected(files, "web/app.ts") == {A}


def test_node_groups_follow_their_file():
    graph = ImportGraph(
        needs={A: {"x.py": EdgeKind.IMPORT}}, unknown={}, units=frozenset({A}),
        of_tests=frozenset({A}), packages=frozenset(), script_packages=frozenset(),
    )  # fmt: skip
    groups = [f"{A}::[1/2]", f"{A}::[2/2]"]
    assert [one.selected for one in impact(modified("x.py"), graph, groups)] == [True, True]


def test_no_change_selects_nothing():
    assert selection(project(), []).selected == ()


SOURCE = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"


def covering(files, *lines, read=()):
    """What was recorded of the first test, which entered these lines of `shop.a`."""
    trace = UnitTrace(unit=A, entered={A: (1,), "shop/a.py": lines}, read=read)
    return SelectionOptions(coverage=coverage_of(Sources(files), [trace]))


@pytest.mark.parametrize(
    ("edited", "is_selected"),
    [
        (SOURCE.replace("return 2", "return 3"), False),
        (SOURCE.replace("return 1", "return 3"), True),
        (SOURCE.replace("def g()", "def g(x=1)"), True),
        (SOURCE + "X = 1\n", True),
        (SOURCE.replace("return 1", "return 0").replace("return 2", "return 1"), True),
        ("def broken(:", True),
    ],
)
def test_coverage_excuses_only_from_edits_of_functions_never_entered(edited, is_selected):
    options = covering(project(shop__a=SOURCE), 1, 2, 5)
    found = selection(project(shop__a=edited), modified("shop/a.py"), options)
    assert (A in found.selected) is is_selected


@pytest.mark.parametrize(
    ("unread", "is_selected"),
    [
        ("import importlib\nimportlib.import_module(x)\n", False),
        ("code = compile(x, 'x', 'exec')\n", False),
        ("import sys\nrun = [sys.executable, x]\n", True),
    ],
)
def test_coverage_answers_what_was_loaded_and_not_what_ran_elsewhere(unread, is_selected):
    files = project(shop__a=SOURCE) | {A: f"{unread}{TEST}"}
    options = covering(files, 1, 5)
    found = selection(files, modified("shop/a.py"), options)
    assert (A in found.selected) is is_selected


@pytest.mark.parametrize("status", [FileStatus.ADDED, FileStatus.DELETED])
def test_coverage_excuses_from_no_file_that_came_or_went(status):
    options = covering(project(shop__a=SOURCE), 1, 5)
    change = FileChange(path="shop/a.py", status=status)
    assert A in selection(project(shop__a=SOURCE), [change], options).selected


LATER = SOURCE.replace("return 2", "return 3")
"""An edit of the function that the first test does not enter."""


@pytest.mark.parametrize(
    ("since", "is_selected"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({A: f"import shop.a\n{TEST}X = 1\n"}, True, id="the test itself"),
        pytest.param({"prices.json": "{}"}, True, id="data"),
        pytest.param({"README.md": "Read me"}, False, id="a document"),
        pytest.param({"shop/__init__.py": ""}, True, id="a package above what it imports"),
        pytest.param({"other.py": ""}, False, id="a file that it cannot reach"),
        pytest.param({"shop/b.py": None}, True, id="a file has gone"),
    ],
)
def test_coverage_counts_only_while_the_tree_around_it_is_what_was_recorded(since, is_selected):
    recorded = project(shop__a=SOURCE, shop__b="", other__c="") | {"README.md": "", "pack.py": ""}
    options = covering(recorded, 1, 2)
    now = {path: text for path, text in (recorded | since).items() if text is not None}
    found = selection(now | {"shop/a.py": LATER}, modified("shop/a.py"), options)
    assert (A in found.selected) is is_selected


def test_a_file_that_came_since_counts_for_what_may_find_it():
    finds = f"import shop.a, importlib\nimportlib.import_module(x)\n{TEST}"
    recorded = project(shop__a=SOURCE) | {A: finds}
    options, now = covering(recorded, 1, 2), recorded | {"shop/a.py": LATER}
    assert A not in selection(now, modified("shop/a.py"), options).selected
    assert A in selection(now | {"other.py": ""}, modified("shop/a.py"), options).selected


def test_a_document_counts_for_what_walks_through_folders():
    walks = f"import os, shop.a\nfound = os.listdir('.')\n{TEST}"
    recorded = project(shop__a=SOURCE) | {A: walks, "README.md": ""}
    options, now = covering(recorded, 1, 2), recorded | {"shop/a.py": LATER}
    assert A not in selection(now, modified("shop/a.py"), options).selected
    now |= {"README.md": "new"}
    assert A in selection(now, modified("shop/a.py"), options).selected
    assert A in selection(now, modified("README.md"), options).selected


def test_a_file_whose_text_was_read_counts_as_a_whole():
    files = project(shop__a=SOURCE)
    for read, is_selected in ((), False), (("shop/a.py",), True):
        options = covering(files, 1, 2, read=read)
        found = selection(files | {"shop/a.py": LATER}, modified("shop/a.py"), options)
        assert (A in found.selected) is is_selected


def test_the_newer_record_of_a_unit_counts_while_the_files_are_the_same():
    files = project(shop__a=SOURCE)
    old, new = (covering(files, 1, line).coverage for line in (2, 6))
    assert merged(old, new) == new
    alone = new.model_copy(update={"units": {}})
    assert merged(old, alone).units == old.units
    assert merged(old, alone.model_copy(update={"data": "other"})).units == {}


def test_a_docstring_is_seen_without_calling_its_function():
    before, after = (f'def f():\n    """{word}"""\n    return 1\n' for word in ("a", "b"))
    seen = cut_blocks(before.encode()).covered(())
    assert not cut_blocks(after.encode()).still_has(seen)


class Memory:
    """A store that counts what was read anew."""

    def __init__(self):
        self.facts = {}
        self.saved = 0

    def load(self):
        return self.facts

    def save(self, facts):
        self.saved += 1
        self.facts = dict(facts)


def test_an_unchanged_tree_is_read_from_the_store():
    store = Memory()
    options = SelectionOptions(readers=Readers(store=store))
    first = selection(project(), modified("shop/a.py"), options)
    again = selection(project(), modified("shop/a.py"), options)
    assert (first, store.saved) == (again, 1)


MODULES = st.integers(2, 7)


@st.composite
def graphs(draw):
    """Modules m0, m1, ... with imports among them, and a test that imports some."""
    count = draw(MODULES)
    numbers = st.integers(0, count - 1)
    edges = draw(st.sets(st.tuples(numbers, numbers), max_size=12))
    return count, edges, draw(st.sets(numbers, min_size=1)), draw(numbers)


def tree_of(count, edges, tested):
    files = {
        f"m{n}.py": f"# {n}\n" + "".join(f"import m{b}\n" for a, b in sorted(edges) if a == n)
        for n in range(count)
    }
    return files | {A: "".join(f"import m{n}\n" for n in sorted(tested)) + TEST, B: TEST}


def closure(edges, start):
    seen = set(start)
    while more := {b for a, b in edges if a in seen} - seen:
        seen |= more
    return seen


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_change_selects_exactly_the_tests_that_import_it_transitively(drawn):
    count, edges, tested, changed = drawn
    found = selected(tree_of(count, edges, tested), f"m{changed}.py")
    assert found == ({A} if changed in closure(edges, tested) else set())


@settings(max_examples=40, deadline=None)
@given(graphs(), st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_an_edge_more_never_selects_less(drawn, edge):
    count, edges, tested, changed = drawn
    before = selected(tree_of(count, edges, tested), f"m{changed}.py")
    assert before <= selected(tree_of(count, edges | {edge}, tested), f"m{changed}.py")


def test_every_change_reaches_a_suite_that_looks_at_all_files():
    toml = '[suites.types]\nframework = "tsc"\n'
    files = {"testfleet.toml": toml, "tsconfig.json": "{}", "a.ts": "", "b.md": ""}
    assert selected(files, "b.md") == {"tsconfig.json"}
