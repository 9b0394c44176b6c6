"""Strategies of other packages: real distributions, as an installer leaves them on the path."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from testfleet.config import ROOT
from testfleet.errors import UsageError
from testfleet.planning.strategies import (
    GROUP,
    OWN_STRATEGIES,
    assign,
    strategy_named,
    strategy_names,
)
from testfleet.planning.work import Job, WorkUnit
from tests.planning_samples import make_place

LAST_FIRST = """
from testfleet.planning.work import Assignment
class LastFirst:
    name = "last-first"
    summary = "one shard, backwards"
    def assign(self, job):
        return Assignment((tuple(reversed(range(len(job.units)))),))
PLUGIN = LastFirst()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a package with one module and one entry point on the path."""

    def _install(package: str, source: str, entry: str) -> None:
        folder = tmp_path / package
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{package}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry}\n")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return _install


def job_of(count: int) -> Job:
    return Job([WorkUnit(f"u{at}", 1.0) for at in range(count)], (1.0,), 1, "local")


def test_the_strategies_of_testfleet_are_the_entry_points_of_its_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"][GROUP] == OWN_STRATEGIES
    for name in strategy_names():
        assert strategy_named(name).name == name
        assert strategy_named(name).summary


def test_without_package_metadata_testfleets_own_strategies_are_still_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("testfleet.planning.strategies.entry_points", lambda **_: ())
    assert strategy_names() == sorted(OWN_STRATEGIES)
    assert strategy_named("balanced").name == "balanced"


def test_a_package_registers_a_strategy_by_an_entry_point(install) -> None:
    install("plugin_a", LAST_FIRST, "last-first = plugin_a:PLUGIN")
    assert "last-first" in strategy_names()
    assert assign(strategy_named("last-first"), job_of(3)).shards == ((2, 1, 0),)


def test_an_unknown_strategy_is_told_beside_the_known_ones_plugins_included(install) -> None:
    install("plugin_b", LAST_FIRST, "last-first = plugin_b:PLUGIN")
    with pytest.raises(UsageError, match=r"no strategy 'fast': .* last-first, learned"):
        strategy_named("fast")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import no_such_module", "cannot be loaded from .*: ModuleNotFoundError: No module"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("PLUGGED = 1", "AttributeError: .* has no attribute 'PLUGIN'"),
        ("PLUGIN = 1", "'plugin_c:PLUGIN' is int without a usable name, summary, assign"),
        (LAST_FIRST.replace("PLUGIN = LastFirst()", "PLUGIN = LastFirst"), "type without a usable"),
        (LAST_FIRST.replace("name = ", "title = "), "without a usable name"),
    ],
)
def test_a_broken_plugin_is_named_with_its_package_and_its_fault(
    install, source: str, message: str
) -> None:
    install("plugin_c", source, "broken = plugin_c:PLUGIN")
    with pytest.raises(UsageError, match=f"strategy 'broken' of plugin_c.*{message}"):
        strategy_named("broken")


def test_two_packages_cannot_register_the_same_name(install) -> None:
    install("plugin_d", LAST_FIRST, "same = plugin_d:PLUGIN")
    install("plugin_e", LAST_FIRST, "same = plugin_e:PLUGIN")
    with pytest.raises(UsageError, match="'same' is registered by plugin_d and plugin_e"):
        strategy_named("same")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Assignment(((0, 1),))", "2 places for 3 units, not one for each"),
        ("Assignment(((0, 1, 1, 2),))", "4 places for 3 units"),
        ("Assignment(((0, 1, 5),))", "3 places for 3 units"),
        ("Assignment(((0, 1, 2),), profiles=('a', 'b'))", "2 profiles for 1 shards"),
        ("Assignment(((0,), (1, 2)))", "units that must stay together, 'w', in two shards"),
        ("Assignment(((2, 0, 1),))", "'u2' before 'u0', which it depends on"),
        ("Assignment(((0, 1, 2),), profiles=('a',))", "a shard for profile 'a', which the job has"),
        ("Assignment((('u0', 'u1', 'u2'),))", "3 places for 3 units"),
        ("None", "NoneType, not an Assignment"),
    ],
)
def test_an_answer_that_loses_tears_or_disorders_units_is_refused(
    install, answer: str, message: str
) -> None:
    source = LAST_FIRST.replace("Assignment((tuple(reversed(range(len(job.units)))),))", answer)
    install("plugin_f", source, "wrong = plugin_f:PLUGIN")
    units = [
        WorkUnit("u0", 1.0, together="w"),
        WorkUnit("u1", 1.0, together="w"),
        WorkUnit("u2", 1.0, depends_on=("u0",)),
    ]
    job = Job(units, (1.0,), 1, "local", {"local": make_place().profiles["local"]})
    with pytest.raises(UsageError, match=f"strategy 'last-first' answered {message}"):
        assign(strategy_named("wrong"), job)


def test_a_plugin_that_raises_is_named(install) -> None:
    source = LAST_FIRST.replace("return Assignment", "1 / 0\n        return Assignment")
    install("plugin_g", source, "raising = plugin_g:PLUGIN")
    with pytest.raises(UsageError, match="strategy 'last-first' failed: ZeroDivisionError: div"):
        assign(strategy_named("raising"), job_of(3))


HOW_TO = (ROOT / "docs" / "how-to" / "choose-a-strategy.md").read_text("utf-8")


def test_the_documentation_names_every_strategy_with_what_it_does() -> None:
    table = HOW_TO.split("| `--strategy` | does |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?)(?:: the default)? \|$", table, re.MULTILINE))
    assert rows == {name: strategy_named(name).summary for name in OWN_STRATEGIES}


def test_the_strategy_of_the_documentation_works_as_it_stands(install) -> None:
    [source] = re.findall(r"```python\n# shortest_first.py\n(.*?)```", HOW_TO, re.DOTALL)
    [entry] = re.findall(r"^(shortest-first = )\"(.*)\"$", HOW_TO, re.MULTILINE)
    install("shortest_first", source, "".join(entry))
    job = Job([WorkUnit("long", 9.0), WorkUnit("a", 1.0), WorkUnit("b", 2.0)], (1.0, 1.0), 2, "l")
    assert assign(strategy_named("shortest-first"), job).shards == ((1, 0), (2,))
