"""Failed runs with known causes, as runners would have printed them.

Each cause has a shape that has fooled somebody: values that vary, one helper that many causes pass
through, one fixture that fails many tests, causes that read alike, one cause that wears several
wrappings. Everything comes from the seed.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testfleet.triage.fingerprints.fingerprint import FailureText

NOUNS = (
    "order",
    "invoice",
    "user",
    "basket",
    "voucher",
    "parcel",
    "ticket",
    "region",
    "ledger",
    "quota",
    "session",
    "token",
    "report",
    "profile",
    "price",
    "stock",
    "refund",
    "tenant",
    "schedule",
    "device",
)
VERBS = (
    "load",
    "save",
    "merge",
    "parse",
    "price",
    "ship",
    "cancel",
    "render",
    "export",
    "import_rows",
    "sync",
    "validate",
)
PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")


@dataclass(frozen=True)
class Labelled:
    """A failure, and the cause that it was made from."""

    failure: FailureText
    cause: int


Maker = Callable[[random.Random, str, str], tuple[str, str]]
"""Makes message and stack of one failure of a cause, given the test's file and function."""


@dataclass(frozen=True)
class _Frame:
    path: str
    line: int
    function: str
    source: str


def made_run(causes: int, failures: int, seed: int = 0) -> list[Labelled]:
    """So many failures of so many causes; few causes fail many tests, many fail few."""
    rng = random.Random(seed)
    makers = [_SHAPES[number % len(_SHAPES)](rng, number) for number in range(causes)]
    weights = [1 / (1 + rng.random() * causes) for _ in makers]
    chosen = list(range(causes)) + rng.choices(range(causes), weights, k=max(0, failures - causes))
    made = [_failure(rng, cause, makers[cause], at) for at, cause in enumerate(chosen[:failures])]
    rng.shuffle(made)
    return made


def _failure(rng: random.Random, cause: int, maker: Maker, at: int) -> Labelled:
    # A cause in a test's own assertion stays in that test: what varies is its parameter.
    number = cause if maker.__name__ == "asserted" else rng.randrange(400)
    file = f"tests/{NOUNS[number % len(NOUNS)]}/test_{VERBS[number % len(VERBS)]}_{number}.py"
    function = f"test_{VERBS[(number * 7) % len(VERBS)]}_{number}"
    message, stack = maker(rng, file, function)
    return Labelled(FailureText(f"{file}::{function}[{at}]", file, message, stack), cause)


def _in_code(rng: random.Random, number: int) -> Maker:
    """A function raises, with values quoted and bare, reached from many tests."""
    noun, verb = NOUNS[number % len(NOUNS)], rng.choice(VERBS)
    source = f"raise ValueError(f'{noun} {{key}} of {{who}} cannot {verb}')"
    inner = _Frame(f"app/{noun}_{number}.py", 40 + number, f"{verb}_{noun}", source)

    def raised(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        key = rng.choice([str(rng.randrange(10**6)), str(uuid.UUID(int=rng.getrandbits(128)))])
        text = f"ValueError: {noun} {key} of {rng.choice(PEOPLE)} cannot {verb}"
        return _python(rng, [_test(rng, file, function), inner], text)

    return raised


def _through_helper(rng: random.Random, number: int) -> Maker:
    """One helper raises for all of these causes; the message says which."""
    noun, verb = NOUNS[number % len(NOUNS)], VERBS[(number * 5) % len(VERBS)]
    helper = _Frame("app/http.py", 88, "checked", "raise ApiError(status, problem)")
    caller = _Frame(f"app/client_{number}.py", 12, f"{verb}_{noun}", "return checked(answer)")
    problem = f"{noun} service {verb} rule {_word(rng)} {_word(rng)}"

    def raised(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        took = f"{rng.random() * 9:.3f}s"
        text = f"app.http.ApiError: {problem} (request {rng.getrandbits(64):016x}, {took})"
        return _python(rng, [_test(rng, file, function), caller, helper], text)

    return raised


def _fixture(rng: random.Random, number: int) -> Maker:
    """A fixture fails, and every test that asks for it, before its own first line."""
    noun = NOUNS[number % len(NOUNS)]
    frame = _Frame(
        "tests/conftest.py", 20 + number, f"{noun}_db_{_word(rng)}", "migrate(engine, version)"
    )
    inner = _Frame(
        "app/schema.py", 71, "migrate", f"raise SchemaError('{noun} {_word(rng)}', found)"
    )
    said = f"{noun} schema {_word(rng)} {_word(rng)}"

    def raised(rng: random.Random, _file: str, _function: str) -> tuple[str, str]:
        folder = f"/tmp/pytest-of-ci/pytest-{rng.randrange(99)}/db{rng.randrange(9)}"
        text = f"app.schema.SchemaError: {said}: found {rng.randrange(90)} in {folder}"
        return _python(rng, [frame, inner], text)

    return raised


def _outside(rng: random.Random, number: int) -> Maker:
    """A service is away or a package is missing; each test runs into it at another place."""
    name, port = f"{NOUNS[number % len(NOUNS)]}-{_word(rng)}", 1024 + 7 * number % 30_000
    kind, said = (
        ("ModuleNotFoundError", f"No module named '{name.replace('-', '_')}'")
        if number % 2
        else ("ConnectionRefusedError", f"[Errno 111] Connection refused: {name}:{port}")
    )
    library = _Frame(
        "/usr/lib/python3.11/site-packages/driver/core.py", 9, "open", "sock.connect(address)"
    )

    def raised(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        place = _Frame(f"app/{rng.choice(NOUNS)}.py", rng.randrange(99), rng.choice(VERBS), "go()")
        return _python(rng, [_test(rng, file, function), place, library], f"{kind}: {said}")

    return raised


def _asserted(rng: random.Random, number: int) -> Maker:
    """A test's own assertion, which reads like any other."""
    source = f"assert total_{rng.randrange(9)}(case) == wanted"

    def asserted(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        frame = _Frame(file, 30 + number % 50, function, source)
        return _python(
            rng, [frame], f"AssertionError: assert {rng.randrange(99)} == {rng.randrange(99)}"
        )

    return asserted


def _alike(rng: random.Random, number: int) -> Maker:
    """The words are those of other causes; only the function differs."""
    where = _Frame(
        f"app/{NOUNS[number % len(NOUNS)]}/{_word(rng)}.py",
        5,
        rng.choice(VERBS),
        "return row['id']",
    )

    def raised(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        text = "TypeError: 'NoneType' object is not subscriptable"
        return _python(rng, [_test(rng, file, function), where], text)

    return raised


def _javascript(rng: random.Random, number: int) -> Maker:
    """A component fails under Jest; the runner prints the innermost frame first."""
    noun, prop = NOUNS[number % len(NOUNS)], _word(rng)
    place = f"src/components/{noun.title()}{number}.tsx"

    def raised(rng: random.Random, _file: str, _function: str) -> tuple[str, str]:
        head = f"TypeError: Cannot read properties of undefined (reading '{prop}')"
        test = f"src/__tests__/{rng.choice(NOUNS)}.test.tsx:{rng.randrange(99)}:{rng.randrange(40)}"
        stack = [
            head,
            f"    at {noun.title()} ({place}:{rng.choice([17, 17, 18])}:{rng.randrange(40)})",
        ]
        stack += [
            "    at renderWithHooks (node_modules/react-dom/cjs/react-dom.development.js:1:2)"
        ]
        return head, "\n".join([*stack, f"    at Object.<anonymous> ({test})"])

    return raised


def _wrapped(rng: random.Random, number: int) -> Maker:
    """One cause that callers wrap in exceptions of their own."""
    noun = NOUNS[number % len(NOUNS)]
    said = f"KeyError: 'setting_{_word(rng)}'"
    inner = _Frame(f"app/settings_{number}.py", 14, f"setting_of_{noun}", "return values[name]")

    def raised(rng: random.Random, file: str, function: str) -> tuple[str, str]:
        _, first = _native([_test(rng, file, function), inner], said)
        outer = _Frame(
            f"app/{rng.choice(NOUNS)}.py", rng.randrange(99), rng.choice(VERBS), "raise X"
        )
        text = f"{rng.choice(['RuntimeError', 'app.ConfigError'])}: {rng.choice(VERBS)} failed"
        message, second = _native([_test(rng, file, function), outer], text)
        link = "\nThe above exception was the direct cause of the following exception:\n\n"
        return message, first + "\n" + link + second

    return raised


def _test(rng: random.Random, file: str, function: str) -> _Frame:
    return _Frame(file, rng.randrange(10, 300), function, f"{rng.choice(VERBS)}()")


def _word(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(3))


def _python(rng: random.Random, frames: Sequence[_Frame], text: str) -> tuple[str, str]:
    # A run prints in one style, but runs, and so the past, need not agree.
    return rng.choice((_long, _short, _native))(frames, text)


def _native(frames: Sequence[_Frame], text: str) -> tuple[str, str]:
    lines = ["Traceback (most recent call last):"]
    for each in frames:
        lines += [
            f'  File "{each.path}", line {each.line}, in {each.function}',
            f"    {each.source}",
        ]
    return text, "\n".join([*lines, text])


def _short(frames: Sequence[_Frame], text: str) -> tuple[str, str]:
    lines = []
    for each in frames:
        lines += [f"{each.path}:{each.line}: in {each.function}", f"    {each.source}"]
    return text, "\n".join([*lines, f"E   {text}"])


def _long(frames: Sequence[_Frame], text: str) -> tuple[str, str]:
    blocks = []
    for each in frames:
        end = f"E       {text}\n\n" if each is frames[-1] else ""
        kind = text.partition(":")[0] if end else ""
        code = f"    def {each.function}():\n>       {each.source}\n"
        blocks.append(f"{code}{end}\n{each.path}:{each.line}: {kind}")
    return text, "\n\n".join(blocks)


_SHAPES = (
    _in_code, _through_helper, _fixture, _outside, _asserted, _alike, _javascript, _wrapped,
)  # fmt: skip
