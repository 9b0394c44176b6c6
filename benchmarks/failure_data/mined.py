"""Messages that installed packages carry: TypeScript's diagnostics and React's warnings.

python -m benchmarks.failure_data.mined TOOLS OUT.jsonl
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.real_javascript import cause_of_code

_DIAGNOSTIC = re.compile(
    r'diag\((\d+), (?:1 /\* Error \*/|ts\.DiagnosticCategory\.Error), "[^"]+", ("(?:[^"\\]|\\.)*")'
)
_WARNING = re.compile(
    r"""(?:console\.error|console\.warn|\berror|\bwarn|Error)\(\s*((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*\+\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))*)"""
)
_PART = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_RACE = re.compile(r"\bact\b|act\(|unmounted|not yet mounted")
_SHORTEST = 30


def main() -> None:
    tools, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = {(one.domain, one.text): one for one in (*diagnostics(tools), *warnings(tools))}
    out.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found.values()), "utf-8")
    print(f"{len(found)} messages in {out}")


def diagnostics(tools: Path) -> Iterator[Example]:
    for file in sorted(tools.glob("js*/node_modules/typescript/lib/typescript.js")):
        for code, text in _DIAGNOSTIC.findall(file.read_text("utf-8")):
            yield Example(
                "tsc", "typescript", cause_of_code(int(code)), f"TS{code}: {json.loads(text)}"
            )


def warnings(tools: Path) -> Iterator[Example]:
    for file in sorted(tools.glob("js*/node_modules/react*/cjs/*.development.js")):
        for found in _WARNING.findall(file.read_text("utf-8")):
            text = "".join(a or b for a, b in _PART.findall(found))
            text = text.replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')
            if len(text) >= _SHORTEST:
                cause = "race-or-order" if _RACE.search(text) else "render"
                yield Example("react", "react", cause, text)


if __name__ == "__main__":
    main()
