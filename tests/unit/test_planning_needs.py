import pytest

from testfleet.contracts.run import Mode
from testfleet.errors import UsageError
from testfleet.planning.placement.needs import Needs
from testfleet.planning.project import parse_project, resolve_suite

PROJECT = b"""
[suites.default]
requires = ["ram>=4GB"]

[suites.default.requires_for]
"tests/browser/*" = ["Chrome"]
"test_image.py" = ["docker"]
"""


def test_a_unit_asks_for_what_its_suite_and_all_its_globs_say():
    needs = resolve_suite(parse_project(PROJECT), None, Mode.FULL).needs

    assert needs.of("tests/test_a.py") == {"memory>=4096"}
    assert needs.of("tests/browser/deep/test_a.py") == {"memory>=4096", "browser:chromium"}
    assert needs.of("tests/browser/test_image.py::[2/3]") == {
        "memory>=4096",
        "browser:chromium",
        "docker",
    }


def test_nothing_is_asked_for_by_default():
    assert Needs().of("tests/test_a.py") == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'[suites.a]\nrequires = ["dokcer"]', "suites.a.requires: requirement 'dokcer'"),
        (
            b'[suites.a.requires_for]\n"x*" = ["mem>=1x"]',
            "suites.a.requires_for.'x*': requirement",
        ),
        (b'[suites.a]\nrequires = "docker"', "suites.a.requires"),
    ],
)
def test_a_wrong_requirement_is_told_with_file_and_key(text, told):
    with pytest.raises(UsageError) as caught:
        parse_project(text)

    assert str(caught.value).startswith("testfleet.toml: ")
    assert told in str(caught.value)
