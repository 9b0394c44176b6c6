"""What a browser's runner and React say of many small faults. See `real_varied`."""

# ruff: noqa: E501  outputs of tools are as long as they are

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.failure_data import varied_faults as made
from benchmarks.failure_data.examples import Example, run
from benchmarks.failure_data.faults import REACT
from benchmarks.failure_data.parts import WORDS
from benchmarks.failure_data.real_varied import cut, planted

_AT_ONCE = 7
"""Pages of one run: a browser is slow to start."""

# ------------------------------------------------------------------ pages in a browser

_PAGE = "<title>Shop</title><h1 id=title>Orders</h1><p>twice</p><p>twice</p><button id=hidden style='display:none'>x</button><button id=off disabled>off</button>"
_PLAYWRIGHT = """
const { test, expect } = require('@playwright/test')
test.use({ launchOptions: { executablePath: '%s', args: ['--no-sandbox'] } })
test.setTimeout(1500)
test.beforeEach(async ({ page }) => { await page.setContent(`%s`) })
%s"""


def pages(project: Path, browser: str, dice: random.Random) -> Iterator[Example]:
    """Playwright's own runner, where a project has it and the machine a browser."""
    tool = project / "node_modules" / ".bin" / "playwright"
    if not tool.exists() or not Path(browser).exists():
        return
    every = planted(made.PAGES, dice)
    for at in range(0, len(every), _AT_ONCE):
        cases = every[at : at + _AT_ONCE]
        body = "".join(
            f"test('{one.title} {dice.choice(WORDS)}', async ({{ page }}) => {{\n  {one.code}\n}})\n"
            for one in cases
        )
        file = project / "varied" / f"{dice.choice(WORDS)}.spec.js"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_PLAYWRIGHT % (browser, _PAGE, body))
        reporter = ("list", "line")[at // _AT_ONCE % 2]
        text = run(
            [str(tool), "test", f"--reporter={reporter}", "--workers=1", f"varied/{file.name}"],
            project,
        )
        file.unlink()
        yield from cut(text, cases, "playwright", project.name)


# ------------------------------------------------------------------ React

_REACT = "import React from 'react'\nimport {{ render }} from '@testing-library/react'\n{parts}"


def react(project: Path, dice: random.Random) -> Iterator[Example]:
    """What React says of components: thrown, or as an error on the console."""
    if not (project / "node_modules" / "@testing-library" / "react").exists():
        return
    words = [word.capitalize() for word in WORDS]
    names = dice.sample(
        [one + two for one in words for two in ("Row", "Page", "Panel", "List", "")], 4 * len(REACT)
    )
    causes = {name: REACT[at % len(REACT)][0] for at, name in enumerate(names)}
    parts = "".join(
        f"test('{dice.choice(WORDS)} {at}', () => {{\n  {_named(REACT[at % len(REACT)][1], name)}\n  render(<{name} />)\n}})\n"
        for at, name in enumerate(names)
    )
    file = project / "varied" / f"{dice.choice(WORDS)}.test.jsx"
    file.write_text(_REACT.format(parts=parts))
    command = [
        "node_modules/.bin/jest",
        "--ci",
        "--env",
        "jsdom",
        "--rootDir",
        ".",
        "--testMatch",
        f"**/{file.name}",
    ]
    text = run(command, project, also_good=True)
    file.unlink()
    for report in re.split(r"^(?=  ● |  console\.error$)", text, flags=re.MULTILINE)[1:]:
        name = next((name for name in names if re.search(rf"\b{name}\b", report)), None)
        if name and "● Console" not in report and report.count("\n") > 1:
            lines = re.split(
                r"^(?:Test Suites:|PASS |FAIL )", report, maxsplit=1, flags=re.MULTILINE
            )[0].split("\n")
            yield Example(
                f"react {project.name}", "react", causes[name], "\n".join(lines[:45]).strip("\n")
            )


def _named(code: str, name: str) -> str:
    return re.sub(r"\bC\b", name, code)
