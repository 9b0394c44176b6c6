"""Which installed packages need a project."""

import pytest

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.local.installed import VenvPackages
from testfleet.planning.impact.imports.build import Readers
from testfleet.planning.impact.selection import SelectionOptions
from tests.impact_samples import selection

PACKAGES = {
    "plots": (
        "Name: plots\nRequires-Dist: Shop.Core>=1\n\nRequires-Dist: no",
        "plots/__init__.py,,",
    ),
    "reports": ("Name: reports\nRequires-Dist: plots; extra == 'x'\n", "reports.py,,\n_fast.so,,"),
    "alien": ("Name: alien\nRequires-Dist: numpy\n", "alien/__init__.py,,"),
}


@pytest.fixture
def venv(tmp_path):
    for name, (metadata, record) in PACKAGES.items():
        folder = tmp_path / "lib/python3.11/site-packages" / f"{name}-1.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(metadata)
        (folder / "RECORD").write_text(record)
    return tmp_path


def packages(venv):
    return VenvPackages(str(venv / "bin" / "python"))


def test_importers_are_found_through_others(venv):
    assert packages(venv).importers_of({"shop_core"}) == {"plots", "reports"}


def test_a_plugin_of_pytest_stands_for_pytest(venv):
    points = venv / "lib/python3.11/site-packages/plots-1.dist-info/entry_points.txt"
    points.write_text("[pytest11]\nplots = plots.plugin\n")
    assert "pytest" in packages(venv).importers_of({"shop-core"})


def test_without_an_environment_or_a_name_nothing_is_known(venv):
    assert VenvPackages(None).importers_of({"shop-core"}) == frozenset()
    assert packages(venv).importers_of(()) == frozenset()


def test_a_test_that_imports_an_importer_is_selected(venv):
    files = {
        "pyproject.toml": "[project]\nname = 'shop-core'",
        "shop/core.py": "",
        "tests/test_plots.py": "import reports\n\n\ndef test(): ...\n",
        "tests/test_alien.py": "import alien\n\n\ndef test(): ...\n",
    }
    options = SelectionOptions(readers=Readers(installed=packages(venv)))
    change = FileChange(path="shop/core.py", status=FileStatus.MODIFIED)
    assert selection(files, [change], options).selected == ("tests/test_plots.py",)
