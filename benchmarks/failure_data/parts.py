"""Names, places, stacks and frames that reports are made of."""

# ruff: noqa: E501  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import random
from collections.abc import Callable

WORDS = [
    "cart",
    "order",
    "user",
    "basket",
    "invoice",
    "report",
    "widget",
    "layout",
    "header",
    "table",
    "chart",
    "session",
    "token",
    "profile",
    "payment",
    "voucher",
    "search",
    "filter",
    "upload",
    "export",
    "import",
    "settings",
    "theme",
    "router",
    "store",
    "client",
    "server",
    "worker",
    "queue",
    "cache",
    "parser",
    "lexer",
    "schema",
    "model",
    "view",
    "page",
    "modal",
    "button",
    "card",
    "list",
    "grid",
    "form",
    "field",
    "menu",
    "tabs",
    "tree",
    "node",
    "edge",
    "graph",
    "map",
    "route",
    "guard",
    "policy",
    "role",
    "team",
    "tenant",
    "plan",
    "quota",
    "price",
    "tax",
]


# ------------------------------------------------------------------ wrappings

Wrap = Callable[[str, random.Random], str]


def name_of(dice: random.Random) -> str:
    return dice.choice(WORDS)


def part_of(dice: random.Random) -> str:
    return dice.choice(WORDS).capitalize() + dice.choice(
        ("", "", "List", "Provider", "Page", "Row")
    )


def file_of(dice: random.Random, end: str) -> str:
    return (
        dice.choice(("src/", "lib/", "app/", "packages/core/src/", "./", ""))
        + name_of(dice)
        + dice.choice(("", "", "/" + name_of(dice)))
        + end
    )


def place_of(dice: random.Random) -> str:
    return f"{dice.randrange(2, 300)}:{dice.randrange(1, 60)}"


def js_stack(dice: random.Random, count: int = 3) -> str:
    frames = (
        f"    at Object.<anonymous> (/app/{file_of(dice, '.js')}:{place_of(dice)})",
        "    at Module._compile (node:internal/modules/cjs/loader:1256:14)",
        "    at processTicksAndRejections (node:internal/process/task_queues:95:5)",
        f"    at async {name_of(dice)} (/app/{file_of(dice, '.js')}:{place_of(dice)})",
        f"    at new {part_of(dice)} (file:///app/{file_of(dice, '.mjs')}:{place_of(dice)})",
        f"    at {name_of(dice)} ({file_of(dice, '.ts')}:{place_of(dice)})",
    )
    return "\n".join(dice.sample(frames, min(count, len(frames))))


def indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else "" for line in text.split("\n"))


def frame_of(dice: random.Random, by: int) -> str:
    at = dice.randrange(3, 200)
    pad = " " * by
    return f"{pad}  {at - 1} |   const {name_of(dice)} = {name_of(dice)}();\n{pad}> {at} |   {name_of(dice)}.{name_of(dice)}();\n{pad}     |          ^\n{pad}  {at + 1} | }});"


def component_stack(dice: random.Random) -> str:
    old = dice.random() < 0.4
    names = [part_of(dice) for _ in range(dice.randrange(1, 4))]
    if old:
        return "\n".join(f"    in {name} (created by {part_of(dice)})" for name in names)
    return "\n".join(f"    at {name} ({file_of(dice, '.tsx')}:{place_of(dice)})" for name in names)
