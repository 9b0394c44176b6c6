import pytest

from testfleet.contracts.project import TraitsConfig
from testfleet.contracts.run import Mode
from testfleet.errors import UsageError
from testfleet.planning.placement.needs import Needs
from testfleet.planning.project import parse_project, resolve_suite
from testfleet.planning.sharding.traits import traits_of
from testfleet.planning.work import Traits

TOML = b"""
[[suites.default.traits]]
units = ["tests/*"]
owner = "web"
kind = "unit"

[[suites.default.traits]]
units = ["test_pay.py"]
kind = "smoke"
priority = 5
deadline_s = 60
"""


def test_the_settings_of_a_suite_tell_the_traits_of_its_files() -> None:
    suite = resolve_suite(parse_project(TOML), None, Mode.FULL)
    found = traits_of(["tests/test_cart.py", "tests/test_pay.py"], suite.traits, Needs())
    assert found == {
        "tests/test_cart.py": Traits(owner="web", kind="unit"),
        "tests/test_pay.py": Traits(owner="web", kind="smoke", priority=5.0, deadline_s=60.0),
    }


def test_files_without_traits_are_left_out_and_requirements_are_traits() -> None:
    entries = [TraitsConfig(units=("a.py",), kind="unit")]
    needs = Needs(files=(("b.py", frozenset({"docker"})),))
    found = traits_of(["a.py", "b.py", "c.py"], entries, needs)
    assert found == {
        "a.py": Traits(kind="unit"),
        "b.py": Traits(requires=frozenset({"docker"})),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("priority = nan", "priority: Input should be a finite number"),
        ("deadline_s = 0", "deadline_s: Input should be greater than 0"),
        ("deadline_s = -5", "deadline_s: Input should be greater than 0"),
        ("kind = 7", "kind: Input should be a valid string"),
        ("color = 'red'", "color: unknown key"),
    ],
)
def test_a_wrong_trait_is_named_with_its_key(line: str, message: str) -> None:
    text = f"[[suites.default.traits]]\nunits = ['a.py']\n{line}\n"
    with pytest.raises(UsageError, match=rf"suites.default.traits.0.{message}"):
        parse_project(text.encode())


def test_a_key_that_is_nearly_right_is_suggested() -> None:
    text = b"[[suites.default.traits]]\nunits = ['a.py']\nprioritty = 1\n"
    with pytest.raises(UsageError) as caught:
        parse_project(text)
    assert caught.value.hint.startswith("did you mean `priority`?")
