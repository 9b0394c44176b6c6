"""Fingerprints: the same for the same cause, another for another, and no text breaks them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.triage.fingerprints.fingerprint import FailureText, Scope, fingerprint, read_trace
from testfleet.triage.fingerprints.text import specific, template

NATIVE = """Traceback (most recent call last):
  File "{root}tests/test_a.py", line {line}, in test_a
    load({n})
  File "{root}app/store.py", line {line}, in load
    raise LookupError(f"no row {{n}}")
LookupError: no row {n}"""
SHORT = """{root}tests/test_a.py:{line}: in test_a
    load({n})
{root}app/store.py:{line}: in load
    raise LookupError(f"no row {{n}}")
E   LookupError: no row {n}"""
LONG = """    def test_a():
>       load({n})

tests/test_a.py:{line}:
_ _ _ _ _ _ _ _ _ _
    def load(n):
>       raise LookupError(f"no row {{n}}")
E       LookupError: no row {n}

app/store.py:{line}: LookupError"""


def text(stack, message="", test="tests/test_a.py::test_a", file="tests/test_a.py"):
    return FailureText(test, file, message, stack)


def place(stack, **values):
    return text(stack.format(**{"root": "", "line": 3, "n": 5} | values))


@given(st.integers(0, 10**9), st.integers(1, 10**5), st.sampled_from(["", "/w/1/", "/srv/ci-77/"]))
def test_numbers_lines_and_the_place_of_the_checkout_do_not_count(n, line, root):
    usual = fingerprint(place(NATIVE))
    assert fingerprint(place(NATIVE, n=n, line=line, root=root)) == usual


@pytest.mark.parametrize("style", [NATIVE, SHORT, LONG])
def test_every_style_of_pytest_gives_the_same(style):
    assert fingerprint(place(style)) == fingerprint(place(NATIVE))


def test_two_tests_that_meet_in_one_function_have_one_fingerprint():
    other = NATIVE.replace("tests/test_a.py", "tests/test_b.py").replace("test_a", "test_b")
    failure = text(other.format(root="", line=9, n=1), file="tests/test_b.py")
    assert fingerprint(failure) == fingerprint(place(NATIVE))


def test_the_same_words_in_another_function_are_another_cause():
    other = place(NATIVE.replace("in load", "in save"))
    assert fingerprint(other) != fingerprint(place(NATIVE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at 2026-01-02T03:04:05.678Z", "at 2027-11-12 13:14:15"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-0000-0000-000000000001"),
        ("<Thing object at 0x7f00aa>", "<Thing object at 0xdeadbeef01>"),
        ("took 3.2 s", "took 250ms"),
        ("no user 'alice'", 'no user "bob@example.com"'),
        ("commit 3f2a9bc1d0 is bad", "commit a94c11efff is bad"),
        ("cannot read /tmp/pytest-of-ci/pytest-3/x/a.txt", "cannot read /tmp/pytest-of-me/pytest-44/y/a.txt"),  # noqa: E501
        ("got 1,234.5e10", "got -7"),
        ("wants [1, 2, 3]", "wants [4, 5]"),
        ("user42 is away", "user7 is away"),
    ],
)  # fmt: skip
def test_what_varies_is_masked(one, other):
    assert template(one) == template(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No module named 'requests'", "No module named 'flask'"),
        ("refused: localhost:5432", "refused: localhost:6379"),
        ("[Errno 111] Connection refused", "[Errno 28] No space left on device"),
        ("error TS2339: it", "error TS2304: it"),
        ("GET https://a.example/users failed", "GET https://a.example/orders failed"),
    ],
)
def test_names_that_make_one_cause_another_stay(one, other):
    assert specific(one) != specific(other)


def test_ports_that_chance_hands_out_do_not_count():
    assert specific("refused: localhost:49152") == specific("refused: localhost:51000")


def test_what_lies_outside_the_code_is_the_same_from_everywhere():
    end = "ModuleNotFoundError: No module named 'driver'"
    stacks = [
        f'Traceback (most recent call last):\n  File "app/{name}.py", line 1, in f\n    import driver\n{end}'  # noqa: E501
        for name in "ab"
    ]
    one, other = (read_trace(text(stack)) for stack in stacks)
    assert one.scope is Scope.OUTSIDE
    assert one.fingerprint == other.fingerprint


def test_assertions_that_read_alike_stay_with_their_tests():
    failures = [
        FailureText(f"tests/test_{name}.py::test_it", f"tests/test_{name}.py", "assert 1 == 2")
        for name in "ab"
    ]
    assert fingerprint(failures[0]) != fingerprint(failures[1])


def test_what_wraps_the_first_cause_does_not_count():
    link = "\n\nThe above exception was the direct cause of the following exception:\n\n"
    first = NATIVE.format(root="", line=3, n=5)
    wrapped = first + link + "Traceback (most recent call last):\nRuntimeError: wrapped"
    assert fingerprint(text(wrapped)) == fingerprint(text(first))


@pytest.mark.parametrize(
    ("stack", "kind", "where"),
    [
        ("TypeError: x is not iterable\n    at total (src/cart.ts:4:9)\n    at run (node:internal/a:1:2)", "TypeError", "src/cart.ts:4, in total"),  # noqa: E501
        ("java.lang.IllegalStateException: no\n\tat java.util.A.b(A.java:1)\n\tat com.shop.Cart.sum(Cart.java:12)", "java.lang.IllegalStateException", "com/shop/Cart.java:12, in Cart.sum"),  # noqa: E501
        ("thread 'main' panicked at src/lib.rs:7:5:\noops", "panicked", "src/lib.rs:7"),
        ("src/a.ts(10,5): error TS2339: Property 'x' does not exist", "TS2339", "src/a.ts:10"),
        ("System.Exception: no\n   at Shop.Cart.Sum(Int32 a) in /src/Cart.cs:line 9", "System.Exception", "/src/Cart.cs:9, in Shop.Cart.Sum"),  # noqa: E501
    ],
)  # fmt: skip
def test_stacks_of_other_languages_are_read(stack, kind, where):
    trace = read_trace(text(stack))
    assert (trace.kind, str(trace.where)) == (kind, where)


@given(st.text(max_size=400), st.text(max_size=2000))
def test_any_text_has_a_fingerprint(message, stack):
    found = fingerprint(text(stack, message))
    assert len(found) == 16
    assert found == fingerprint(text(stack, message))


@pytest.mark.parametrize(
    "stack",
    [
        "", "\x00\xff\n" * 1000, "E  " * 300_000, "at (" * 250_000, "'" * 1_000_000, "/a" * 500_000,
        'File "' * 200_000, "1:" * 500_000, "Caused by: \n" * 90_000, "a.b::" * 200_000,
        "\n".join(f'  File "a{n}.py", line {n}, in f' for n in range(30_000)), ("x" * 399 + "\n") * 2500,  # noqa: E501
    ],
    ids=range(12),
)  # fmt: skip
def test_a_megabyte_of_anything_is_read(stack):
    # A pattern that backtracks would never come back.
    assert len(fingerprint(text(stack, stack[:1_000_000]))) == 16
