"""Cuts a program of its own out of a package: functions and whatever of the package they need."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_Import = ast.Import | ast.ImportFrom
_Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class NotSelfContainedError(Exception):
    """Something it needs comes from elsewhere than the package and the standard library."""


@dataclass
class _Module:
    """A file of the package with what it defines at its top level."""

    path: Path
    text: str
    definitions: dict[str, _Definition] = field(default_factory=dict)
    imports: dict[str, tuple[_Import, ast.alias]] = field(default_factory=dict)


@dataclass
class _Package:
    """The files that were read."""

    root: Path
    modules: dict[Path, _Module] = field(default_factory=dict)

    def origin(self, path: Path, name: str) -> tuple[Path, _Module]:
        """The file that defines a name, or imports it from the standard library."""
        if path not in self.modules:
            self.modules[path] = _read(path)
        module = self.modules[path]
        if name in module.definitions:
            return path, module
        if name not in module.imports:
            raise NotSelfContainedError(f"{name} is not defined in {path.name}")
        node, alias = module.imports[name]
        if isinstance(node, ast.Import) or _is_standard(node):
            return path, module
        if alias.asname not in {None, alias.name}:
            raise NotSelfContainedError(f"{alias.name} is renamed")
        return self.origin(_resolve(self.root, path, node), alias.name)


@dataclass
class _Program:
    """What has been taken so far."""

    imports: dict[str, None] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    homes: dict[str, Path] = field(default_factory=dict)


def extract(root: Path, path: str, names: list[str]) -> str:
    """Source of a module that holds the named functions or classes of `root/path`.

    Docstrings are cut to their first line. Raises NotSelfContainedError when a name leads out of
    the package, has no plain definition, or is defined twice with different meanings.
    """
    program = _Program()
    package = _Package(root)
    for name in names:
        _take(program, package, root / path, name)
    program.imports.pop("from __future__ import annotations", None)
    if "from __future__ import annotations" in (root / path).read_text("utf-8"):
        program.imports = {"from __future__ import annotations": None, **program.imports}
    head = "".join(f"{line}\n" for line in program.imports)
    body = "\n\n".join(part + "\n" for part in program.parts.values())
    return f"{head}\n\n{body}" if head else body


def _take(program: _Program, package: _Package, path: Path, name: str) -> None:
    path, module = package.origin(path, name)
    if program.homes.get(name) == path:
        return
    if name in program.homes:
        raise NotSelfContainedError(f"{name} is defined twice")
    if name in module.imports:
        program.homes[name] = path
        program.imports[_standard_import(*module.imports[name])] = None
        return
    node = module.definitions[name]
    for bound in _bound(node):
        program.homes[bound] = path
    for used in _names(node):
        if used in module.definitions or used in module.imports:
            _take(program, package, path, used)
    program.parts[name] = _text(module.text, node)


def _standard_import(node: _Import, alias: ast.alias) -> str:
    if isinstance(node, ast.Import):
        _require_standard(alias.name)
        return ast.unparse(ast.Import([alias]))
    return ast.unparse(ast.ImportFrom(node.module, [alias], 0))


def _is_standard(node: ast.ImportFrom) -> bool:
    return node.level == 0 and (node.module or "").partition(".")[0] in sys.stdlib_module_names


def _require_standard(name: str) -> None:
    if name.partition(".")[0] not in sys.stdlib_module_names:
        raise NotSelfContainedError(f"{name} is not of the standard library")


def _resolve(root: Path, path: Path, node: ast.ImportFrom) -> Path:
    """The file that `from … import` reads."""
    base = path.parents[node.level - 1] if node.level else root
    target = base.joinpath(*(node.module or "").split(".")) if node.module else base
    for candidate in (target.with_suffix(".py"), target / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise NotSelfContainedError(f"{node.module} is not in the package")


def _read(path: Path) -> _Module:
    module = _Module(path, path.read_text("utf-8"))
    for node in ast.parse(module.text).body:
        if isinstance(node, _Definition):
            module.definitions.update(dict.fromkeys(_bound(node), node))
        elif isinstance(node, _Import):
            for alias in node.names:
                module.imports[(alias.asname or alias.name).split(".")[0]] = (node, alias)
    return module


def _bound(node: _Definition) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from (one.id for one in ast.walk(target) if isinstance(one, ast.Name))


def _names(node: ast.AST) -> list[str]:
    """Names anywhere below; who asks knows which are global."""
    found = {one.id: None for one in ast.walk(node) if isinstance(one, ast.Name)}
    return list(found)


def _text(text: str, node: _Definition) -> str:
    lines = text.splitlines()
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    cut: dict[int, str | None] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            cut.update(_shortened(lines, inner))
    kept = ((number, cut.get(number, lines[number - 1])) for number in _span(first, node))
    return "\n".join(line for _, line in kept if line is not None)


def _span(first: int, node: ast.stmt) -> range:
    return range(first, (node.end_lineno or node.lineno) + 1)


def _shortened(
    lines: list[str], node: ast.FunctionDef | ast.ClassDef
) -> Iterator[tuple[int, str | None]]:
    """Lines of its docstring, the first replaced by the summary, the others dropped."""
    doc = ast.get_docstring(node)
    if doc is None or len(node.body) == 1:
        return
    statement = node.body[0]
    if statement.lineno == statement.end_lineno:
        return
    summary = doc.strip().splitlines()[0] if doc.strip() else ""
    indent = lines[statement.lineno - 1][: statement.col_offset]
    summary = summary.replace("\\", "").replace('"', "'")
    yield statement.lineno, f'{indent}"""{summary}"""'
    for number in range(statement.lineno + 1, (statement.end_lineno or 0) + 1):
        yield number, None
