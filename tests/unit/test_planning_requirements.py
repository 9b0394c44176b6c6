from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import TAXONOMY
from testfleet.planning.placement.requirements import normalise, parse, parse_all, parse_version


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("docker", "docker"),
        (" Docker ", "docker"),
        ("Chrome", "browser:chromium"),
        ("browsers:google-chrome>=120.0", "browser:chromium>=120"),
        ("firefox@128", "browser:firefox==128"),
        ("browser:webkit==17.0", "browser:webkit==17.0"),
        ("amd64", "architecture:x86_64"),
        ("arch:aarch64", "architecture:arm64"),
        ("mem>=4GB", "memory>=4096"),
        ("ram >= 512 MiB", "memory>=512"),
        ("memory_mb>=1536.5", "memory>=1536.5"),
        ("disk>=1t", "disk>=1048576"),
        ("time>=30min", "time>=1800"),
        ("cores>=0.5", "vcpu>=0.5"),
        ("gpu", "gpu>=1"),
        ("internet", "network:internet"),
        ("spot", "compute:fargate-spot"),
    ],
)
def test_a_requirement_has_one_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dokcer", "did you mean `docker`?"),
        ("chrom", "did you mean `browser:chromium`?"),
        ("memry>=4", "did you mean `memory`?"),
        ("browser:opera", "names none of the kinds of `browser`"),
        ("browser", "names none of the kinds of `browser`"),
        ("docker:yes", "nothing follows it"),
        ("docker>=2", "`docker` is not compared"),
        ("memory", "expected `memory>=NUMBER`"),
        ("memory==4096", "expected `memory>=NUMBER`"),
        ("memory>=-1", "expected `memory>=NUMBER`"),
        ("memory>=0", "0.001 to 1000000000"),
        ("memory>=nan", "expected `memory>=NUMBER`"),
        ("memory>=1e400", "expected `memory>=NUMBER`"),
        ("memory>=0.0000001", "0.001 to"),
        ("memory>=999999999tb", "0.001 to"),
        ("memory>=4 parsecs", "without a unit it is MB"),
        ("vcpu>=2gb", "with no unit"),
        ("chromium>=new", "expected one to four numbers"),
        ("chromium<120", "a version takes `>=` or `==`"),
        ("network:none", "asks for nothing"),
        ("", "expected a form like"),
        ("a b c", "expected a form like"),
        ("x" * 5000, "there is no such ability"),
    ],
)
def test_a_wrong_requirement_is_told_with_what_is_right(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert told in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_hint_lists_the_abilities() -> None:
    with pytest.raises(UsageError) as caught:
        parse("quantum")

    assert set(TAXONOMY) <= set(caught.value.hint.removeprefix("abilities: ").split(", "))


def test_each_requirement_counts_once_whatever_it_is_called() -> None:
    found = parse_all(["chrome", "browser:chromium", "ram>=1g", "memory>=1024"])

    assert [str(each) for each in found] == ["browser:chromium", "memory>=1024"]


@given(st.text(max_size=30))
def test_any_text_is_a_requirement_or_a_usage_error(text: str) -> None:
    try:
        normal = normalise(text)
    except UsageError:
        return
    assert normalise(normal) == normal


@given(
    st.sampled_from(["memory", "disk", "time", "vcpu"]),
    st.floats(min_value=0.001, max_value=9e8, allow_nan=False),
)
def test_normal_forms_of_amounts_stay_as_they_are(ability: str, amount: float) -> None:
    once = normalise(f"{ability}>={amount:.6f}")

    assert normalise(once) == once


def test_a_version_is_numbers() -> None:
    assert parse_version("131.0.6778") == (131, 0, 6778)
    with pytest.raises(UsageError, match="one to four numbers"):
        parse_version("latest")
