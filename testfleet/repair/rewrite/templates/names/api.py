"""API changes between versions of Python and of well-known libraries."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from testfleet.repair.rewrite.imports import bound_as, imported, with_import
from testfleet.repair.rewrite.place import Drafts, Place, Template

_DATA: Final = "api_changes.toml"


@cache
def changes() -> Mapping[str, Mapping[str, list[str]]]:
    """Old names and what stands for them, as the data file lists them."""
    text = files("testfleet.repair.rewrite.templates.names").joinpath(_DATA).read_text("utf-8")
    return tomllib.loads(text)


def _moved(node: ast.Attribute, at: Place) -> Drafts:
    """`collections.Mapping` to `collections.abc.Mapping`, under whatever name it is imported."""
    code = at.code(node)
    owner, _, _ = code.partition(".")
    names = {code, code.replace(owner, _module(owner, at), 1)}
    for name in sorted(names):
        for index, new in enumerate(changes()["names"].get(name, [])):
            yield at.replace(node, _shortened(new, owner, at), 1.0 - 0.2 * index)
    for index, new in enumerate(changes()["methods"].get(node.attr, [])):
        yield at.replace(node, f"{at.operand(node.value)}.{new}", 0.5 - 0.1 * index)


def _moved_import(node: ast.ImportFrom, at: Place) -> Drafts:
    """`from collections import Mapping` to `from collections.abc import Mapping`."""
    for alias in node.names:
        for new in changes()["names"].get(f"{node.module}.{alias.name}", []):
            module, _, name = new.rpartition(".")
            if module and name.isidentifier():
                suffix = f" as {alias.asname or alias.name}" if name != alias.name else ""
                suffix = suffix or (f" as {alias.asname}" if alias.asname else "")
                rest = [at.code(other) for other in node.names if other is not alias]
                line = f"from {module} import {name}{suffix}"
                kept = f"from {node.module} import {', '.join(rest)}; " if rest else ""
                yield at.replace(node, f"{kept}{line}", 1.0)
    for new in changes()["modules"].get(node.module or "", []):
        code = at.code(node)
        yield at.replace(node, code.replace(f"from {node.module}", f"from {new}", 1), 1.0)


def _moved_module(node: ast.Import, at: Place) -> Drafts:
    for alias in node.names:
        for new in changes()["modules"].get(alias.name, []):
            name = alias.asname or alias.name.split(".")[0]
            text = new if new.split(".")[-1] == name == new else f"{new} as {name}"
            yield at.replace(alias, text, 1.0)


def _moved_call(node: ast.Call, at: Place) -> Drafts:
    """Calls whose arguments or shape changed: `yaml.load(x)` to `yaml.safe_load(x)`."""
    code = at.code(node.func)
    owner = code.partition(".")[0]
    name = code.replace(owner, _module(owner, at), 1)
    parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    arguments = [at.code(part) for part in parts]
    value = at.operand(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    texts = [*changes()["calls"].get(name, []), *changes()["calls"].get(f".{_last(code)}", [])]
    for index, text in enumerate(texts):
        needed, _, shape = text.rpartition(": ")
        module, _, function = needed.rpartition(".")
        if module and module not in sys.stdlib_module_names and not bound_as(module, at):
            continue
        name, edits = imported(module, function, at) if module else ("", ())
        filled = shape.replace("$name", name).replace("$all", ", ".join(arguments))
        filled = filled.replace("$self", value)
        for position, argument in enumerate(arguments, 1):
            filled = filled.replace(f"${position}", argument)
        if "$" not in filled:
            yield with_import(at.replace(node, filled, 0.8 - 0.1 * index), edits)


def _old_keyword(node: ast.keyword, at: Place) -> Drafts:
    for new in changes()["keywords"].get(node.arg or "", []):
        yield at.replace(node, f"{new}={at.code(node.value)}", 1.0)


def _module(name: str, at: Place) -> str:
    """What `import numpy as np` bound."""
    for node in ast.walk(at.source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return alias.name
    return name


def _shortened(new: str, owner: str, at: Place) -> str:
    """The new name with the file's own name of its module."""
    module = _module(owner, at)
    return new.replace(module, owner, 1) if new.startswith(f"{module}.") else new


def _last(code: str) -> str:
    return code.rpartition(".")[2]


TEMPLATES: Final = (
    Template("moved-name", "api", "API change", 1, (ast.Attribute,), _moved),
    Template("moved-import", "api", "API change", 1, (ast.ImportFrom,), _moved_import),
    Template("moved-module", "api", "API change", 1, (ast.Import,), _moved_module),
    Template("moved-call", "api", "API change", 0.209, (ast.Call,), _moved_call),
    Template("old-keyword", "api", "API change", 0.738, (ast.keyword,), _old_keyword),
)
