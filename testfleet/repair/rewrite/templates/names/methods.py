"""The wrong method, attribute or function name."""

from __future__ import annotations

import ast
from difflib import SequenceMatcher
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.source import Edit
from testfleet.repair.rewrite.templates.names.words import NEAR_MISSES

MAX_OTHERS: Final = 10
_ADDS: Final = {"dict": ("update", "setdefault"), "set": ("add", "update")}


def _near_miss(node: ast.Attribute | ast.Name, at: Place) -> Drafts:
    """Another name of the standard library that is often meant."""
    word = node.attr if isinstance(node, ast.Attribute) else node.id
    if isinstance(node, ast.Name) and word in at.scope.bindings and not _is_import(word, at):
        return
    owner = at.scope.kind(node.value) if isinstance(node, ast.Attribute) else ""
    for other in _ADDS.get(owner, ()) if word in {"append", "add", "extend", "update"} else ():
        yield Draft((_renamed(node, other, at),), 0.9)
    for index, other in enumerate(NEAR_MISSES.get(word, ())):
        yield Draft((_renamed(node, other, at),), max(0.2, 1.0 - 0.12 * index))


def _other_attribute(node: ast.Attribute, at: Place) -> Drafts:
    """Another attribute of the same object, or of the same name elsewhere in the file."""
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    others = dict.fromkeys(at.scope.attributes.get(owner, ()))
    for found in at.scope.attributes.values():
        others.update(dict.fromkeys(found))
    is_missing = node.attr in at.hints.missing
    ranked = sorted(
        (other for other in others if other != node.attr),
        key=lambda other: -_similar(node.attr, other, at),
    )
    for index, other in enumerate(ranked[:MAX_OTHERS]):
        own = 1.0 if other in at.scope.attributes.get(owner, ()) else 0.5
        weight = own * max(0.2, 0.9 - 0.1 * index)
        yield Draft((_renamed(node, other, at),), 1.0 if is_missing and index < 3 else weight)


def _suggested(node: ast.Attribute | ast.Name, at: Place) -> Drafts:
    """What the interpreter asked: Did you mean?"""
    word = node.attr if isinstance(node, ast.Attribute) else node.id
    if word in at.hints.missing:
        for meant in sorted(at.hints.meant):
            if isinstance(node, ast.Attribute) and "." not in meant:
                yield Draft((_renamed(node, meant, at),), 1.0)
            elif isinstance(node, ast.Name):
                yield at.replace(node, meant, 1.0)


def _other_function(node: ast.Call, at: Place) -> Drafts:
    """Another function of the file, or of the standard library, for the same arguments."""
    if not isinstance(node.func, ast.Name):
        return
    own = node.func.id
    ranked = sorted(
        (binding for binding in at.scope.callables() if binding.name != own),
        key=lambda binding: (-SequenceMatcher(None, own, binding.name).ratio(), binding.name),
    )
    for index, binding in enumerate(ranked[:MAX_OTHERS]):
        yield at.replace(node.func, binding.name, max(0.15, 0.8 - 0.1 * index))
    if at.function is not None and own != at.function.name:
        yield at.replace(node.func, at.function.name, 0.4)


def _with_self(node: ast.Name, at: Place) -> Drafts:
    """`x` to `self.x`: `self.` was forgotten."""
    first = _first_parameter(at)
    known = at.scope.attributes.get(first, ()) if first else ()
    if first and node.id in known and not isinstance(at.parent(node), ast.keyword):
        is_local = node.id in at.scope.bindings
        yield at.replace(node, f"{first}.{node.id}", 0.4 if is_local else 1.0)


def _without_self(node: ast.Attribute, at: Place) -> Drafts:
    """`self.x` to `x`, and an instance's attribute to its class's."""
    first = _first_parameter(at)
    if first and isinstance(node.value, ast.Name) and node.value.id == first:
        if node.attr in at.scope.bindings:
            yield at.replace(node, node.attr, 0.6)
        owner = at.source.owner(at.statement)
        if owner is not None:
            yield at.replace(node.value, owner.name, 0.15)
            yield at.replace(node.value, "super()", 0.2)
            yield at.replace(node, f"{first}._{node.attr}", 0.2)


def _first_parameter(at: Place) -> str:
    function = at.function
    if function is None or at.source.owner(function) is None or not function.args.args:
        return ""
    return function.args.args[0].arg


def _renamed(node: ast.Attribute | ast.Name, word: str, at: Place) -> Edit:
    end = at.source.end(node)
    own = node.attr if isinstance(node, ast.Attribute) else node.id
    return Edit(end - len(own), end, word)


def _similar(own: str, other: str, at: Place) -> float:
    bonus = 1.0 if other in at.hints.meant else 0.0
    return bonus + SequenceMatcher(None, own, other).ratio()


def _is_import(word: str, at: Place) -> bool:
    return at.scope.bindings[word].kind in {"function", "module"} and not any(
        function.name == word for function in at.source.functions
    )


TEMPLATES: Final = (
    Template(
        "near-miss",
        "methods",
        "Mutate Method Invocation FP10.1 (TBar)",
        0.214,
        (ast.Attribute, ast.Name),
        _near_miss,
    ),
    Template(
        "other-attribute",
        "attributes",
        "Mutate Variable FP13 (TBar), of an attribute",
        0.523,
        (ast.Attribute,),
        _other_attribute,
    ),
    Template(
        "suggested-name",
        "attributes",
        "the interpreter's suggestion",
        1,
        (ast.Attribute, ast.Name),
        _suggested,
    ),
    Template(
        "other-function",
        "calls",
        "Mutate Method Invocation FP10.1 (TBar)",
        0.063,
        (ast.Call,),
        _other_function,
    ),
    Template("with-self", "objects", "missing receiver", 1, (ast.Name,), _with_self),
    Template(
        "without-self", "objects", "superfluous receiver", 0.28, (ast.Attribute,), _without_self
    ),
)
