"""How a bug lies on disk: program, tests in one of several styles, independent set."""

from __future__ import annotations

import ast
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repair_bugs.faults import Fault

HELPERS = Path(__file__).with_name("helpers.py")


@dataclass(frozen=True)
class Case:
    """Arguments and the right answer, as text."""

    arguments: str
    answer: str
    """`!` and a name: that exception."""

    def differs(self, answer: str) -> bool:
        """Whether an answer is another. Floats may differ in the last digits."""
        if answer == self.answer:
            return False
        if "." not in self.answer or answer[:1] in "!?":
            return True
        try:
            return not _close(ast.literal_eval(self.answer), ast.literal_eval(answer))
        except (ValueError, SyntaxError):
            return True


@dataclass(frozen=True)
class Test:
    """How a program is called."""

    module: str
    names: tuple[str, ...]
    call: str

    @property
    def harness(self) -> str:
        """Defines `run` beside the program's names."""
        return f"{self.support}\nf = {self.names[0]}\ndef run(*a):\n    return {self.call}\n"

    @property
    def support(self) -> str:
        """Helpers that the call uses."""
        text = HELPERS.read_text("utf-8")
        nodes = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        used = _used(self.call, nodes)
        return "\n\n".join(ast.unparse(node) for node in nodes if node.name in used)


@dataclass(frozen=True)
class Bug:
    """Everything that is written."""

    test: Test
    fault: Fault
    right: str
    visible: tuple[Case, ...]
    independent: tuple[Case, ...]


def write(bug: Bug, folder: Path, facts: dict[str, object]) -> None:
    """One folder: what a repair sees below `project`, the rest beside it."""
    project = folder / "project"
    style = zlib.crc32(folder.name.encode()) % len(_STYLES)
    files = _STYLES[style](bug)
    files[f"{bug.test.module}.py"] = bug.fault.text
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "right.py").write_text(bug.right, "utf-8")
    (folder / "independent.json").write_text(
        json.dumps([[c.arguments, c.answer] for c in (*bug.visible, *bug.independent)]), "utf-8"
    )
    meta = {
        **facts,
        "kind": bug.fault.kind,
        "line": bug.fault.line,
        "program": f"{bug.test.module}.py",
        "names": bug.test.names,
        "call": bug.test.call,
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), "utf-8")


def _used(call: str, nodes: Sequence[ast.FunctionDef | ast.ClassDef]) -> set[str]:
    used = {n.id for n in ast.walk(ast.parse(call)) if isinstance(n, ast.Name)}
    for _ in nodes:
        for node in nodes:
            if node.name in used:
                used |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return used


def _head(bug: Bug, imports: str = "import pytest\n") -> str:
    names = ", ".join(bug.test.names)
    head = f"{imports}\nfrom {bug.test.module} import {names}\n\n\n"
    return head + (f"{bug.test.support}\n\n\n" if bug.test.support else "")


def _body(bug: Bug) -> str:
    f = bug.test.names[0]
    return bug.test.call.replace("f(", f"{f}(").replace("(f,", f"({f},")


def _expected(case: Case) -> str:
    if "." in case.answer and _is_plain_float(case.answer):
        return f"pytest.approx({case.answer})"
    return case.answer


def _is_plain_float(answer: str) -> bool:
    value = ast.literal_eval(answer)
    return isinstance(value, float) or (
        isinstance(value, list | tuple) and all(isinstance(one, float | int) for one in value)
    )


def _split(bug: Bug) -> tuple[list[Case], list[Case]]:
    plain = [case for case in bug.visible if not case.answer.startswith("!")]
    return plain, [case for case in bug.visible if case.answer.startswith("!")]


def _raising(bug: Bug, cases: Sequence[Case]) -> str:
    return "".join(
        f"\n\ndef test_raises_{number}():\n    f = {bug.test.names[0]}\n    a = {case.arguments}\n"
        f"    with pytest.raises(Exception) as caught:\n        {bug.test.call}\n"
        f"    assert caught.type.__name__ == {case.answer[1:]!r}\n"
        for number, case in enumerate(cases)
    )


def _parametrised(bug: Bug, name: str = "") -> dict[str, str]:
    plain, raising = _split(bug)
    rows = "".join(f"    ({case.arguments}, {_expected(case)}),\n" for case in plain)
    text = (
        f'{_head(bug)}@pytest.mark.parametrize(("a", "expected"), [\n{rows}])\n'
        f"def test_{bug.test.module}(a, expected):\n    f = {bug.test.names[0]}\n"
        f"    assert {bug.test.call} == expected\n{_raising(bug, raising)}"
    )
    return {name or f"test_{bug.test.module}.py": text}


def _functions(bug: Bug) -> dict[str, str]:
    plain, raising = _split(bug)
    tests = "\n\n".join(
        f"def test_{number}():\n    f = {bug.test.names[0]}\n    a = {case.arguments}\n"
        f"    assert {bug.test.call} == {_expected(case)}\n"
        for number, case in enumerate(plain)
    )
    return {f"test_{bug.test.module}.py": f"{_head(bug)}{tests}{_raising(bug, raising)}"}


def _one_function(bug: Bug) -> dict[str, str]:
    plain, raising = _split(bug)
    asserts = "".join(
        f"    a = {case.arguments}\n    assert {bug.test.call} == {_expected(case)}\n"
        for case in plain
    )
    text = (
        f"{_head(bug)}def test_{bug.test.module}():\n    f = {bug.test.names[0]}\n{asserts}"
        f"{_raising(bug, raising)}"
    )
    return {f"tests/test_{bug.test.module}.py": text, "conftest.py": ""}


def _case_class(bug: Bug) -> dict[str, str]:
    plain, raising = _split(bug)
    methods = "\n".join(
        f"    def test_{number}(self):\n        f = {bug.test.names[0]}\n"
        f"        a = {case.arguments}\n"
        f"        self.assertEqual({bug.test.call}, {_expected(case)})\n"
        for number, case in enumerate(plain)
    )
    head = _head(bug, "import unittest\n\nimport pytest\n")
    text = f"{head}class Cases(unittest.TestCase):\n{methods}{_raising(bug, raising)}"
    return {f"test_{bug.test.module}.py": text}


def _from_json(bug: Bug) -> dict[str, str]:
    plain, raising = _split(bug)
    rows = [[ast.literal_eval(c.arguments), ast.literal_eval(c.answer)] for c in plain]
    if json.loads(_dumped(rows) or "0") != [[_listed(a), _listed(b)] for a, b in rows]:
        return _parametrised(bug)
    if _dumped(rows) is None or not _same_types(rows):
        return _parametrised(bug)
    text = (
        f"{_head(bug, _JSON_IMPORTS)}"
        "CASES = [json.loads(line) for line in "
        'pathlib.Path(__file__).with_name("cases.json").read_text().splitlines()]\n\n\n'
        '@pytest.mark.parametrize("a,expected", CASES)\n'
        f"def test_{bug.test.module}(a, expected):\n    f = {bug.test.names[0]}\n"
        f"    assert {bug.test.call} == expected\n{_raising(bug, raising)}"
    )
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    return {f"test_{bug.test.module}.py": text, "cases.json": lines}


_JSON_IMPORTS = "import json\nimport pathlib\n\nimport pytest\n"


def _dumped(rows: object) -> str | None:
    try:
        return json.dumps(rows)
    except (TypeError, ValueError):
        return None


def _listed(value: object) -> object:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def _same_types(rows: list[list[object]]) -> bool:
    """Whether the arguments' values, which JSON knows, stay what they are."""
    return all(
        json.loads(json.dumps(list(a))) == list(a) and json.loads(json.dumps(b)) == b  # type: ignore[call-overload]
        for a, b in rows
    )


def _close(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_close(a, b) for a, b in pairs)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[k], other[k]) for k in one)
    return one == other


_STYLES = (_parametrised, _parametrised, _functions, _one_function, _case_class, _from_json)
