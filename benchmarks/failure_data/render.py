"""Failures in the forms that tools and runners give them, made from messages by a seeded grammar.

Of an exception the same text becomes a crash (domain `general`) or a test's report (domain `test`);
of a compiler's diagnostic a dozen layouts. Names, numbers, paths and versions vary.
"""

# ruff: noqa: E501  lines of logs are as long as they are

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.layouts import TSC
from benchmarks.failure_data.parts import WORDS, component_stack, part_of
from benchmarks.failure_data.wrappings import CRASHES, RUNNERS
from benchmarks.failure_data.wrappings_javascript import bare, component_crash, inner

HERE = Path(__file__).parent
_IN_QUOTES = re.compile(r"(?<=['\"`])(?:[a-z]{1,14}|\{\d\})(?=['\"`])")
_HOLE = re.compile(r"\{\d\}|%[sdj]")
_NUMBER = re.compile(r"(?<![\w.#-])\d{1,5}(?![\w#])")
_LETTER = re.compile(r"(?<![\w.'/-])(?:foo|bar|[ab])(?=[./:(]|\s|$)")


def read_messages(path: Path = HERE / "messages.txt") -> Iterator[tuple[str, str, str, str]]:
    """Domain, cause, form and text of each message."""
    for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        label, form = head.split()
        domain, cause = label.split("/")
        for text in re.split(r"^--\n", body, flags=re.MULTILINE):
            yield domain, cause, form, text.strip("\n")


def read_labelled(path: Path) -> Iterator[Example]:
    """Texts after `=== domain/cause tool` lines."""
    for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        label, _, tool = head.partition(" ")
        domain, cause = label.split("/")
        yield Example(tool, domain, cause, body.rstrip("\n"))


def rendered(copies: int, seed: int) -> Iterator[Example]:
    """All messages in their forms, each so many times."""
    dice = random.Random(seed)
    for domain, cause, form, text in read_messages():
        for _ in range(copies):
            said = varied(text, dice)
            if form == "whole":
                if domain == "test" and dice.random() < 0.3:
                    said = inner(said, dice)
                yield Example(f"{domain} messages", domain, cause, decorated(said, dice))
                continue
            language = form.removesuffix("assert")
            tests, crashes = RUNNERS[language], CRASHES[language]
            if domain == "any":
                where, wrap = dice.choice((("general", crashes), ("test", tests)))
                if where == "test" and cause == "port-conflict" and dice.random() < 0.5:
                    where, wrap = "general", crashes
            else:
                where, wrap = domain, (*tests, bare, inner)
            yield Example(
                f"{language} {where}", where, cause, decorated(dice.choice(wrap)(said, dice), dice)
            )
            if (
                domain == "any"
                and cause == "null-or-attribute"
                and language == "js"
                and dice.random() < 0.3
            ):
                yield Example("react crash", "react", cause, component_crash(said, dice))


def compiler(example: Example, dice: random.Random) -> Example:
    """A mined diagnostic in the layout of some compiler front end."""
    code, _, text = example.text.partition(": ")
    text = _HOLE.sub(
        lambda _: dice.choice(
            (dice.choice(WORDS), dice.choice(WORDS).capitalize(), "string", "number", "Props")
        ),
        text,
    )
    said = dice.choice(TSC)(code, text, dice)
    return Example("tsc layouts", "typescript", example.cause, decorated(said, dice))


def component(example: Example, dice: random.Random) -> Example:
    """A mined warning of React as a console gives it."""
    text = _HOLE.sub(lambda _: part_of(dice), example.text)
    if dice.random() < 0.6:
        text = f"Warning: {text}"
    elif dice.random() < 0.5:
        text = f"Error: {text}"
    if dice.random() < 0.6:
        text += "\n" + component_stack(dice)
    if dice.random() < 0.25:
        indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
        text = f"  console.error\n{indented}"
    return Example("react warnings", "react", example.cause, decorated(text, dice))


# ------------------------------------------------------------------ small parts


def varied(text: str, dice: random.Random) -> str:
    """Other names in quotes, other numbers, other paths."""
    if dice.random() < 0.7:
        text = _IN_QUOTES.sub(
            lambda hit: dice.choice(WORDS) if dice.random() < 0.5 else hit[0], text
        )
    if dice.random() < 0.5:
        text = _NUMBER.sub(
            lambda hit: (
                hit[0] if dice.random() < 0.6 or len(hit[0]) == 3 else str(dice.randrange(1, 400))
            ),
            text,
        )
    if dice.random() < 0.8:
        text = _LETTER.sub(lambda _: dice.choice(WORDS), text)
    root = dice.choice(
        (
            "/app",
            "/app",
            "/home/runner/work/web/web",
            "/builds/acme/api",
            "/usr/src/app",
            "C:\\work\\shop",
            "/Users/ci/dev/site",
            "/workspace",
        )
    )
    return re.sub(r"(?<![\w.])/app\b", root.replace("\\", "\\\\"), text)


def decorated(text: str, dice: random.Random) -> str:
    """What stands around a report when it is pasted."""
    lines = text.split("\n")
    if len(lines) > 3 and dice.random() < 0.12:
        lines = lines[: max(2, int(len(lines) * dice.uniform(0.4, 0.9)))]
    if dice.random() < 0.06:
        lines = [
            f"{dice.choice(('> app@1.0.0 test', '> app@0.4.1 build', '$ make ci', '$ yarn test', '+ npm run build'))}",
            "",
            *lines,
        ]
    if dice.random() < 0.06:
        lines += dice.choice(
            (
                ["npm ERR! code ELIFECYCLE", "npm ERR! errno 1"],
                ["error Command failed with exit code 1."],
                ["##[error]Process completed with exit code 1."],
                ["make: *** [Makefile:12: test] Error 1"],
                [" ELIFECYCLE  Command failed with exit code 1."],
            )
        )
    if dice.random() < 0.04:
        prefix = dice.choice(
            ("[10:12:01] ", "2024-02-03T10:11:12.000Z ", "web_1  | ", "    ", "##[error]")
        )
        lines = [prefix + line for line in lines]
    if dice.random() < 0.05:
        lines = [" ".join(line.strip() for line in lines if line.strip())]
    return "\n".join(lines)
