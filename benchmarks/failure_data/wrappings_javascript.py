"""How JavaScript's runtimes and runners print an error."""

# ruff: noqa: E501 RUF001  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.failure_data.parts import (
    Wrap,
    component_stack,
    file_of,
    frame_of,
    indented,
    js_stack,
    name_of,
    part_of,
    place_of,
)


def bare(text: str, _: random.Random) -> str:
    return text


def inner(text: str, dice: random.Random) -> str:
    return indented(text, dice.choice((2, 4, 5, 6)))


def _node(text: str, dice: random.Random) -> str:
    return f"/app/{file_of(dice, '.js')}:{dice.randrange(300)}\n    {name_of(dice)}.{name_of(dice)}()\n         ^\n\n{text}\n{js_stack(dice)}\n\nNode.js v{dice.randrange(12, 23)}.1.0"


def _js_with_stack(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('', '', 'Uncaught ', 'Unhandled rejection ', '[ERROR] '))}{text}\n{js_stack(dice, dice.randrange(1, 5))}"


def _node_warning(text: str, dice: random.Random) -> str:
    return f"(node:{dice.randrange(9, 9000)}) UnhandledPromiseRejectionWarning: {text}\n{js_stack(dice)}"


def _jest(text: str, dice: random.Random) -> str:
    head = f" FAIL  {file_of(dice, '.test.js')}\n" if dice.random() < 0.4 else ""
    tail = (
        f"\n\n{frame_of(dice, 6)}\n\n      at Object.<anonymous> ({file_of(dice, '.test.js')}:{place_of(dice)})"
        if dice.random() < 0.7
        else ""
    )
    return f"{head}  ● {part_of(dice)} › {name_of(dice)} the {name_of(dice)}\n\n{indented(text, 4)}{tail}"


def _jest_suite(text: str, dice: random.Random) -> str:
    return f"FAIL {file_of(dice, '.spec.ts')}\n  ● Test suite failed to run\n\n{indented(text, 4)}\n\n      at Object.<anonymous> ({file_of(dice, '.js')}:{place_of(dice)})"


def _vitest(text: str, dice: random.Random) -> str:
    file = file_of(dice, ".test.ts")
    return (
        f" FAIL  {file} > {name_of(dice)} > {name_of(dice)}s the {name_of(dice)}\n{text}\n ❯ {file}:{place_of(dice)}\n"
        + (f"{frame_of(dice, 2)}\n⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/1]⎯" if dice.random() < 0.5 else "")
    )


def _mocha(text: str, dice: random.Random) -> str:
    return f"  {dice.randrange(1, 9)}) {part_of(dice)}\n       should {name_of(dice)} the {name_of(dice)}:\n{indented(text, 5)}\n      at Context.<anonymous> (test/{name_of(dice)}.js:{place_of(dice)})"


def _karma(text: str, dice: random.Random) -> str:
    return (
        f"{dice.choice(('Chrome Headless 101.0.4951', 'HeadlessChrome 88.0', 'Firefox 102.0'))} (Linux x86_64) {part_of(dice)} should {name_of(dice)} FAILED\n"
        + "\n".join("\t" + line for line in text.split("\n"))
        + f"\n\t    at UserContext.<anonymous> (src/app/{name_of(dice)}.spec.ts:{place_of(dice)})"
    )


def _tap(text: str, dice: random.Random) -> str:
    return f"not ok {dice.randrange(1, 90)} - {name_of(dice)}s the {name_of(dice)}\n  ---\n  duration_ms: 2.1\n  failureType: 'testCodeFailure'\n  error: |-\n{indented(text, 4)}\n  ..."


def _playwright(text: str, dice: random.Random) -> str:
    return f"  1) [{dice.choice(('chromium', 'firefox', 'webkit'))}] › e2e/{name_of(dice)}.spec.ts:{place_of(dice)} › {name_of(dice)} › opens ─────────\n\n{indented(text, 4)}\n\n{frame_of(dice, 4)}\n\n        at /app/e2e/{name_of(dice)}.spec.ts:{place_of(dice)}"


def component_crash(text: str, dice: random.Random) -> str:
    part = part_of(dice)
    react = "\n".join(
        dice.sample(
            (
                "    at renderWithHooks (node_modules/react-dom/cjs/react-dom.development.js:16305:18)",
                "    at beginWork (node_modules/react-dom/cjs/react-dom.development.js:21587:16)",
                "    at mountIndeterminateComponent (node_modules/react-dom/cjs/react-dom.development.js:20074:13)",
                "    at performUnitOfWork (react-dom.development.js:26540:12)",
            ),
            2,
        )
    )
    forms = (
        f"{text}\n    at {part} ({file_of(dice, '.jsx')}:{place_of(dice)})\n{react}",
        f"The above error occurred in the <{part}> component:\n\n{component_stack(dice)}\n\nConsider adding an error boundary to your tree to customize error handling behavior.\n{text}",
        f"{text}\n\nThis error is located at:\n    in {part} (at {part_of(dice)}.js:12)\n    in RCTView",
        f"Unhandled Runtime Error\n{text}\n\nSource\n{file_of(dice, '.tsx')} (22:19) @ {part}",
        f"ERROR  {text}\n\nComponent Stack:\n{component_stack(dice)}",
    )
    return dice.choice(forms)


CRASHES: Sequence[Wrap] = (bare, _node, _js_with_stack, _js_with_stack, _node_warning)
RUNNERS: Sequence[Wrap] = (
    _jest,
    _jest,
    _jest_suite,
    _vitest,
    _mocha,
    _karma,
    _tap,
    _playwright,
)
