"""Names that go into a code host's addresses."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.scm.github import check_ref, check_repository, check_sha, tarball_url


@pytest.mark.parametrize("name", ["octo/shop", "o/.github", "a-b_c/d.e-f_g", "1/2"])
def test_names_that_github_gives_are_allowed(name):
    assert check_repository(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "octo", "octo/", "/shop", "octo/..", "octo/.", "o/s/x", "o/s?x", "o/s\n", "o%2f/s",
     "o/s#", "ö/s", "-o/s", "o/" + "s" * 101, "o@h/s", "o /s"],
)  # fmt: skip
def test_names_that_would_bend_an_address_are_refused(name):
    with pytest.raises(ValueError, match="expected owner/name"):
        check_repository(name)


@pytest.mark.parametrize("sha", ["", "main", "A1" * 20, "a1" * 19, "a1" * 20 + "\n", "a1" * 33])
def test_only_full_commit_ids_are_commit_ids(sha):
    with pytest.raises(ValueError, match="full commit id"):
        check_sha(sha)


def test_both_lengths_of_commit_ids_are_known():
    assert check_sha("a1" * 20) and check_sha("b2" * 32)


@pytest.mark.parametrize(
    "ref", ["", "/main", "main/", "a//b", "a..b", "../main", "a b", "a?b", "a%2f", "x" * 201, "a\n"]
)
def test_references_that_would_bend_an_address_are_refused(ref):
    with pytest.raises(ValueError, match="expected a branch or tag"):
        check_ref(ref)


@given(st.from_regex(r"[A-Za-z0-9_.+#@=/-]{1,40}", fullmatch=True))
def test_an_allowed_reference_stays_inside_the_repositorys_address(ref):
    try:
        check_ref(ref)
    except ValueError:
        return
    parts = urlsplit(tarball_url("https://api.github.com", "octo/shop", ref))
    assert parts.path.removeprefix("/repos/octo/shop/tarball/").replace("%23", "#") == ref
    assert (parts.netloc, parts.query, parts.fragment) == ("api.github.com", "", "")


def test_an_enterprise_servers_address_keeps_its_path():
    url = tarball_url("https://ghe.example.com/api/v3/", "octo/shop", "main")
    assert url == "https://ghe.example.com/api/v3/repos/octo/shop/tarball/main"
