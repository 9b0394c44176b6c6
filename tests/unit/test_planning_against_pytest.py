"""Static discovery beside what the installed pytest really collects, on the same trees."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from testfleet.planning.discovery.framework import DiscoveryRequest
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from testfleet.planning.source_tree import DirectoryTree

TEST = "def test_one(): pass\n"
DOCTEST = '"""\n>>> 1\n1\n"""\n'

CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "defaults": ({"test_a.py": TEST, "p/b_test.py": TEST, "build/test_c.py": TEST}, []),
    "order": ({"b.py/test_1.py": TEST, "b/test_1.py": TEST, "b_test.py": TEST}, []),
    "testpaths": (
        {
            "pytest.ini": "[pytest]\ntestpaths = t* x/**/deep\n",
            "tests/test_a.py": TEST,
            "x/y/deep/test_b.py": TEST,
            "x/test_c.py": TEST,
        },
        [],
    ),
    "native-toml": (
        {
            "pyproject.toml": '[tool.pytest]\npython_files = ["check_*.py"]\n',
            "check_a.py": TEST,
            "test_b.py": TEST,
        },
        [],
    ),
    "setup.cfg": (
        {
            "setup.cfg": "[tool:pytest]\nnorecursedirs =\n    slow\n    x/y\n",
            "slow/test_a.py": TEST,
            "x/y/test_b.py": TEST,
            "y/test_c.py": TEST,
        },
        [],
    ),
    "doctests": (
        {
            "tox.ini": "[pytest]\naddopts = --doctest-modules\n",
            "mod.py": DOCTEST,
            "test_a.py": TEST + DOCTEST,
            "setup.py": "import setuptools\n" + DOCTEST,
            "test_text.txt": DOCTEST,
            "test_plain.txt": "nothing",
        },
        [],
    ),
    "arguments": (
        {"a/test_a.py": TEST, "a/b/test_b.py": TEST, "odd.py": TEST, "test_c.py": TEST},
        ["odd.py", "a/b", "a/test_a.py::test_one"],
    ),
    "ignored": (
        {"a/test_a.py": TEST, "b/c/test_b.py": TEST, "test_d.py": TEST, "v/test_e.py": TEST}
        | {"v/pyvenv.cfg": ""},
        ["--ignore=a", "--ignore-glob=*/c"],
    ),
}

COLLECT = """
import json, os, sys, pytest
class Files:
    def __init__(self): self.seen = []
    def pytest_itemcollected(self, item):
        path = os.path.relpath(item.path)
        if path not in self.seen: self.seen.append(path)
found = {}
top = os.getcwd()
for name, args in json.load(open("cases.json")).items():
    os.chdir(os.path.join(top, name))
    files = Files()
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    pytest.main([*options, "--rootdir=.", *args], plugins=[files])
    found[name] = files.seen
os.chdir(top)
json.dump(found, open("found.json", "w"))
"""


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("trees")
    for name, (files, _) in CASES.items():
        for path, text in files.items():
            (top / name / path).parent.mkdir(parents=True, exist_ok=True)
            (top / name / path).write_text(text)
    return top


@pytest.fixture(scope="module")
def collected(trees: Path) -> dict[str, list[str]]:
    """What pytest collects: one process for all trees, since its start is most of the time."""
    (trees / "cases.json").write_text(json.dumps({name: args for name, (_, args) in CASES.items()}))
    command = [sys.executable, "-P", "-c", COLLECT]
    subprocess.run(command, cwd=trees, check=True, capture_output=True)
    found: dict[str, list[str]] = json.loads((trees / "found.json").read_text())
    return found


@pytest.mark.parametrize("name", CASES)
def test_discovery_finds_what_pytest_collects_in_its_order(
    name: str, trees: Path, collected: dict[str, list[str]]
) -> None:
    files, args = CASES[name]
    tree = DirectoryTree(trees / name, files)
    units = PytestFramework().discover(DiscoveryRequest(tree, args=tuple(args))).units
    assert [unit.id for unit in units] == collected[name]
    assert collected[name]
