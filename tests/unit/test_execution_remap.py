"""Imports reach the copy where an editable installation pointed home, and home for the rest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from testfleet.execution import pytest_remap
from testfleet.execution.worker import run_task
from tests.execution_samples import bench, outcomes

MODULE = Path(pytest_remap.__file__)

PREAMBLE = """
import importlib.util, json, sys, types
spec = importlib.util.spec_from_file_location("remap", sys.argv[1])
remap = importlib.util.module_from_spec(spec)
spec.loader.exec_module(remap)
original, copy = sys.argv[2:4]
"""


@pytest.fixture
def trees(tmp_path):
    """A tree at home with a generated and an outdated module, and its copy."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    for root, version in ((original, "old"), (copy, "new")):
        package = root / "src" / "project"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"version = {version!r}\n")
    (original / "src" / "project" / "_version.py").write_text("generated = True\n")
    (original / "src" / "only_home.py").write_text("found = 'home'\n")
    (original / "site").mkdir()
    return original, copy


def run(trees, body):
    code = PREAMBLE + body
    command = [sys.executable, "-I", "-c", code, str(MODULE), *map(str, trees)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


PATH_ENTRY = """
sys.path.insert(0, original + "/src")
remap.apply([[original, copy]])
import project, only_home, project._version
print(json.dumps([project.version, only_home.found, project._version.generated, sys.path[0]]))
"""


def test_an_entry_of_the_search_path_is_exchanged(trees):
    _, copy = trees
    assert run(trees, PATH_ENTRY) == ["new", "home", True, str(copy / "src")]


def test_an_entry_that_the_copy_lacks_stays(trees):
    body = """
sys.path.insert(0, original + "/site")
remap.apply([[original, copy]])
print(json.dumps(sys.path[0]))
"""
    assert run(trees, body) == str(trees[0] / "site")


def test_metadata_beside_the_sources_stays_visible(trees):
    original, copy = trees
    (original / "src" / "project.egg-info").mkdir()
    body = """
sys.path.insert(0, original + "/src")
remap.apply([[original, copy]])
print(json.dumps([sys.path[0], sys.path[-1]]))
"""
    assert run(trees, body) == [str(copy / "src"), str(original / "src")]


SETUPTOOLS = """
finder = types.ModuleType("__editable___project_finder")
finder.MAPPING = {"project": original + "/src/project"}
finder.NAMESPACES = {"space": [original + "/src"]}
sys.modules[finder.__name__] = finder
remap.apply([[original, copy]])
print(json.dumps([finder.MAPPING, finder.NAMESPACES]))
"""


def test_the_tables_of_setuptools_are_exchanged(trees):
    copy = str(trees[1])
    assert run(trees, SETUPTOOLS) == [
        {"project": f"{copy}/src/project"},
        {"space": [f"{copy}/src"]},
    ]


OTHER_TOOL = """
class Finder:
    def __init__(self):
        self.known = {"project": original + "/src/project/__init__.py"}
        self.places = {"project": {original + "/src/project"}}
    def find_spec(self, *_):
        return None
sys.meta_path.append(Finder())
remap.apply([[original, copy]])
finder = sys.meta_path[-2]
print(json.dumps([finder.known, {k: list(v) for k, v in finder.places.items()}]))
"""


def test_the_tables_of_other_finders_are_exchanged(trees):
    copy = str(trees[1])
    assert run(trees, OTHER_TOOL) == [
        {"project": f"{copy}/src/project/__init__.py"},
        {"project": [f"{copy}/src/project"]},
    ]


def test_a_package_that_is_loaded_already_is_searched_in_the_copy(trees):
    (trees[1] / "src" / "project" / "added.py").write_text("x = 1\n")
    body = """
sys.path.insert(0, original + "/src")
import project
remap.apply([[original, copy]])
import project.added
print(json.dumps(project.added.__file__))
"""
    assert run(trees, body) == str(trees[1] / "src" / "project" / "added.py")


def test_what_exists_nowhere_is_still_missing(trees):
    body = """
remap.apply([[original, copy]])
try:
    import no_such_module
except ModuleNotFoundError as error:
    print(json.dumps(error.name))
"""
    assert run(trees, body) == "no_such_module"


def test_a_shard_tests_the_copy_of_what_is_installed_editable(tmp_path):
    home = tmp_path / "home" / "project"
    (home / "src").mkdir(parents=True)
    (home / "src" / "lib.py").write_text("answer = 'outdated'\n")
    (home / "src" / "_generated.py").write_text("x = 1\n")
    files = {
        "src/lib.py": "answer = 'uploaded'\n",
        "test_lib.py": "import lib, _generated\ndef test_lib(): assert lib.answer == 'uploaded'\n",
    }
    with bench(tmp_path / "bench") as worker:
        task = worker.task(files, env={"PYTHONPATH": str(home / "src")})
        source = task.source.model_copy(update={"original_root": str(home)})
        result = run_task(task.model_copy(update={"source": source}), worker.options)
    assert outcomes(result) == {"test_lib.py::test_lib": "passed"}
