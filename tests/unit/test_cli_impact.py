"""`testfleet impact` in a git repository, as a user types it: no fleet needed."""

import json
import os
import subprocess

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.errors import UsageError

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "t"), ("EMAIL", "t@example.org"))
}


def git(root, *args):
    subprocess.run(
        ["git", "-C", root, *args], check=True, capture_output=True, env=os.environ | IDENTITY
    )


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTFLEET_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    for path, text in {
        "src/shop/__init__.py": "",
        "src/shop/cart.py": "from shop import money\n",
        "src/shop/money.py": "def add(a, b):\n    return a + b\n",
        "tests/test_cart.py": "import shop.cart\n\n\ndef test_cart(): ...\n",
        "tests/test_other.py": "def test_other(): ...\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "c")
    (root / "src/shop/money.py").write_text("def add(a, b):\n    return b + a\n")
    return root


def impact(*args):
    return CliRunner().invoke(app, ["impact", *map(str, args)])


def test_the_table_shows_the_chain_and_what_is_skipped(shop):
    shown = impact("main", shop).output
    assert "src/shop/money.py <- src/shop/cart.py <- tests/test_cart.py" in shown
    assert "skipped, as no change can reach them: tests/test_other.py" in shown


def test_json_has_each_unit_and_the_share_of_seconds(shop):
    found = json.loads(impact("main", shop, "--json").stdout)
    assert {unit["unit"]: unit["selected"] for unit in found["units"]} == {
        "tests/test_cart.py": True,
        "tests/test_other.py": False,
    }
    seconds = [unit["predicted_s"] for unit in found["units"]]
    assert found["share"] == pytest.approx(seconds[0] / sum(seconds))
    assert found["changes"][0]["path"] == "src/shop/money.py"


def test_a_suite_has_units_of_its_own(shop):
    (shop / "testfleet.toml").write_text('[suites.other]\nargs = ["tests/test_other.py"]\n')
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "c")
    (shop / "src/shop/money.py").write_text("")
    found = json.loads(impact("HEAD", shop, "--suite", "other", "--json").stdout)
    assert (found["selected"], found["skipped"]) == (0, 1)


def test_facts_are_kept_below_the_home_and_a_broken_file_is_read_anew(shop, tmp_path):
    first = impact("main", shop).output
    (kept,) = (tmp_path / "home" / "imports").iterdir()
    kept.write_text('{"format": [99], "facts": 1}')
    assert impact("main", shop).output == first
    assert json.loads(kept.read_text())["facts"]


def test_an_unknown_revision_is_a_usage_error(shop):
    assert isinstance(impact("nowhere", shop).exception, UsageError)
