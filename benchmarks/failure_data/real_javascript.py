"""TypeScript, JavaScript's test runners and React, run on planted faults."""

# ruff: noqa: E501  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.failure_data import faults
from benchmarks.failure_data.examples import Example, run

NAMES = ("cart", "orders", "users", "billing", "search", "upload", "report", "login")


# ------------------------------------------------------------------ TypeScript


_TSC = """
const ts = require('typescript'), fs = require('fs');
const [files, pretty] = JSON.parse(fs.readFileSync(0));
const host = { getCanonicalFileName: f => f, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\\n' };
for (const [name, strict] of files) {
  const program = ts.createProgram([name], { strict, noEmit: true, target: 7, module: 1, types: [], noImplicitReturns: true, skipLibCheck: true });
  const found = ts.getPreEmitDiagnostics(program).slice(0, 4);
  const text = (pretty ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics)(found, host);
  console.log(JSON.stringify([found.map(d => d.code), text]));
}
"""


def typescript(project: Path, dice: random.Random) -> Iterator[Example]:
    sources = project / "ts-src"
    sources.mkdir(exist_ok=True)
    named = []
    for at, code in enumerate(faults.TYPESCRIPT):
        file = sources / f"{dice.choice(NAMES)}{at}.ts"
        file.write_text("// made\n" * dice.randrange(4) + code + "\nexport {};\n")
        named.append([str(file.relative_to(project)), True])
    for pretty in (False, True):
        asked = json.dumps([named, pretty])
        done = subprocess.run(
            ["node", "-e", _TSC],
            cwd=project,
            input=asked.encode(),
            capture_output=True,
            check=False,
        )
        for line in done.stdout.decode().splitlines():
            codes, text = json.loads(line)
            text = re.sub("\x1b\\[[0-9;]*m", "", text).replace("ts-src/", "src/")
            if codes:
                yield Example(f"tsc {project.name}", "typescript", cause_of_code(codes[0]), text)


SYNTAX_BELOW, IMPORTS = (
    2000,
    {
        2307,
        7016,
        2688,
        2792,
        2732,
        6053,
        2834,
        2835,
        1479,
        2306,
        2497,
        2580,
        2582,
        2591,
        2875,
        2665,
        2664,
    },
)


CONFIG = {
    5095,
    18003,
    5023,
    6059,
    17004,
    18002,
    1208,
    1259,
    1378,
    2354,
    6142,
    1219,
    1323,
    1286,
    1287,
    6305,
    6306,
    6307,
    6310,
    1343,
    2584,
    2583,
}


def cause_of_code(code: int) -> str:
    """What a code of the compiler means."""
    if code in CONFIG or 5000 <= code < 6000:
        return "permission-or-config"
    if code in IMPORTS:
        return "import-or-dependency"
    if code < SYNTAX_BELOW or 17000 <= code < 17010 or 8000 <= code < 9000:
        return "syntax"
    return "type-error"


# ------------------------------------------------------------------ JavaScript's runners


def test_runners(project: Path, dice: random.Random) -> Iterator[Example]:
    folder = project / "made-tests"
    folder.mkdir(exist_ok=True)
    for runner in ("jest", "vitest", "mocha"):
        if not (project / "node_modules" / ".bin" / runner).exists():
            continue
        tests = faults.MOCHA_TESTS if runner == "mocha" else faults.JS_TESTS
        for fault in tests:
            name = dice.choice(NAMES)
            file = folder / f"{name}.test.js"
            head = (
                "import { describe, it, expect } from 'vitest'\nimport { createRequire } from 'module'\nconst require = createRequire(import.meta.url)\n"
                if runner == "vitest"
                else ""
            )
            file.write_text(
                f"{head}describe('{name}', () => {{\n  it('does {dice.choice(NAMES)} well', () => {{\n    {fault.code}\n  }}"
                f"{', 400' if fault.cause == 'timeout' and runner != 'mocha' else ''})\n}})\n"
            )
            command = {
                "jest": [
                    "node_modules/.bin/jest",
                    "--ci",
                    "--rootDir",
                    ".",
                    "--testMatch",
                    f"**/{file.name}",
                ],
                "vitest": ["node_modules/.bin/vitest", "run", f"made-tests/{file.name}"],
                "mocha": ["node_modules/.bin/mocha", f"made-tests/{file.name}"],
            }[runner]
            text = run(command, project)
            file.unlink()
            if text:
                yield Example(f"{runner} {project.name}", "test", fault.cause, text)


_REACT_TEST = """
import React from 'react'
import { render, screen } from '@testing-library/react'
%s
%s
test('%s', async () => { %s })
"""


def components(project: Path, dice: random.Random) -> Iterator[Example]:
    if not (project / "node_modules" / "@testing-library" / "react").exists():
        return
    (project / "babel.config.js").write_text(
        "module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-react'] }\n"
    )
    folder = project / "made-tests"
    folder.mkdir(exist_ok=True)
    for cause, code in faults.REACT:
        text = _component(project, dice, code, "render(<C />)")
        shown = _only_console(text)
        if shown:
            yield Example(f"react {project.name}", "react", cause, shown)
    for query in faults.SELECTORS:
        code = "const C = () => <div><b>twice</b><b>twice</b><button>Save</button></div>"
        text = _component(project, dice, code, f"render(<C />); {query}")
        if text:
            yield Example(f"testing-library {project.name}", "test", "selector", text)


def _component(project: Path, dice: random.Random, code: str, body: str) -> str:
    name = dice.choice(NAMES).capitalize()
    file = project / "made-tests" / f"{name}.test.jsx"
    source = _REACT_TEST % (code, "", f"shows {name}", body)
    file.write_text(re.sub(r"\bC\b", name, source))
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
    text = run(command, project, also_good=True)  # a warning alone fails no test
    file.unlink()
    return text


def _only_console(text: str) -> str:
    """What React itself says, without the runner's summary."""
    return re.split(r"^(?:Test Suites:|PASS )", text, maxsplit=1, flags=re.MULTILINE)[0].strip("\n")
