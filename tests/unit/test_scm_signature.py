"""The signature of webhooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.errors import UsageError
from testfleet.scm.signature import check_secret, is_signed, sign


def test_the_signature_is_the_one_that_github_documents():
    # The example of GitHub's page on validating deliveries.
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"It's a Secret to Everybody", b"Hello, World!") == expected


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_only_the_signed_body_passes(body, other):
    assert is_signed(b"key", body, sign(b"key", body))
    assert is_signed(b"key", other, sign(b"key", body)) == (body == other)


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_no_header_text_raises_or_passes_by_chance(header):
    assert not is_signed(b"key", b"body", header)


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=" + "0" * 40])
def test_missing_short_and_old_style_signatures_fail(header):
    assert not is_signed(b"key", b"body", header)


def test_a_signature_made_with_another_key_fails():
    assert not is_signed(b"key", b"body", sign(b"other", b"body"))


def test_the_line_end_of_a_stored_secret_is_no_part_of_the_key():
    assert check_secret("0123456789abcdef\n") == b"0123456789abcdef"


@pytest.mark.parametrize("secret", ["", "   \n", "short", "0123456789abcde"])
def test_a_guessable_secret_is_refused_without_being_shown(secret):
    with pytest.raises(UsageError, match="at least 16 are needed") as raised:
        check_secret(secret)
    assert not secret.strip() or secret.strip() not in str(raised.value)
