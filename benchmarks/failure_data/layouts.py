"""How TypeScript's front ends print a diagnostic."""

# ruff: noqa: E501 RUF001  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import random

from benchmarks.failure_data.parts import (
    file_of,
    frame_of,
    indented,
    name_of,
    place_of,
)

# ------------------------------------------------------------------ TypeScript's front ends


def _tsc_plain(code: str, text: str, dice: random.Random) -> str:
    return "\n".join(
        f"{file_of(dice, dice.choice(('.ts', '.tsx', '.d.ts')))}({place_of(dice).replace(':', ',')}): error {code}: {text}"
        for _ in range(dice.choice((1, 1, 2)))
    )


def _tsc_pretty(code: str, text: str, dice: random.Random) -> str:
    at = dice.randrange(1, 300)
    return (
        f"{file_of(dice, '.ts')}:{at}:{dice.randrange(1, 60)} - error {code}: {text}\n\n{at}   {name_of(dice)}.{name_of(dice)}({name_of(dice)});\n    ~~~~~"
        + dice.choice(("", f"\n\nFound 1 error in {file_of(dice, '.ts')}:{at}"))
    )


def _tsc_jest(code: str, text: str, dice: random.Random) -> str:
    return f" FAIL  {file_of(dice, '.test.ts')}\n  ● Test suite failed to run\n\n{indented(_tsc_pretty(code, text, dice), 4)}"


def _tsc_loader(code: str, text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            f"ERROR in {file_of(dice, '.ts')}:{place_of(dice)}\n{code}: {text}",
            f"[tsl] ERROR in /app/{file_of(dice, '.tsx')}({place_of(dice).replace(':', ',')})\n      {code}: {text}",
            f"ERROR in /app/{file_of(dice, '.tsx')}\n{dice.choice(('./', ''))}{file_of(dice, '.tsx')}\n({place_of(dice).replace(':', ',')}): error {code}: {text}",
        )
    )


def _tsc_next(code: str, text: str, dice: random.Random) -> str:
    del code
    return f"Failed to compile.\n\n./{file_of(dice, '.tsx')}:{place_of(dice)}\nType error: {text}\n\n{frame_of(dice, 0)}"


def _tsc_hover(code: str, text: str, dice: random.Random) -> str:
    return (
        f"{text} ts({code[2:]})"
        if dice.random() < 0.5
        else f"{text}ts({code[2:]})\n{file_of(dice, '.d.ts')}({place_of(dice).replace(':', ', ')}): '{name_of(dice)}' is declared here."
    )


def _tsc_node(code: str, text: str, dice: random.Random) -> str:
    return f"TSError: ⨯ Unable to compile TypeScript:\n{file_of(dice, '.ts')}{dice.choice((f':{place_of(dice)} - ', f'({place_of(dice)}): '))}error {code}: {text}\n\n    at createTSError (/app/node_modules/ts-node/src/index.ts:859:12)"


def _tsc_angular(code: str, text: str, dice: random.Random) -> str:
    return f"{dice.choice(('Error: ', '✘ [ERROR] '))}{file_of(dice, '.component.ts')}:{place_of(dice)} - error {code}: {text}"


def _tsc_bare(code: str, text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            text,
            f"{code}: {text}",
            f"error {code}: {text}",
            f"semantic error {code}: {text}",
            f"{text} ({code[2:]})",
        )
    )


TSC = (
    _tsc_plain,
    _tsc_plain,
    _tsc_pretty,
    _tsc_pretty,
    _tsc_jest,
    _tsc_loader,
    _tsc_next,
    _tsc_hover,
    _tsc_node,
    _tsc_angular,
    _tsc_bare,
)
