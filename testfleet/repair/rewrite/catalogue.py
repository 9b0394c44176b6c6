"""Every template, by the kind of node that it applies to."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache

from testfleet.repair.rewrite.place import Template
from testfleet.repair.rewrite.templates import all_templates


@cache
def by_node() -> Mapping[type[ast.AST], Sequence[Template]]:
    """Templates for each class of node, the likeliest first."""
    found: dict[type[ast.AST], list[Template]] = {}
    for template in templates():
        for kind in template.on:
            for concrete in _concrete(kind):
                found.setdefault(concrete, []).append(template)
    return found


@cache
def templates() -> Sequence[Template]:
    """The whole catalogue, the likeliest first."""
    return sorted(all_templates(), key=lambda template: (-template.prior, template.name))


def _concrete(kind: type[ast.AST]) -> list[type[ast.AST]]:
    # Such classes of the old grammar as ast.Num are subclasses too, of ast.Constant.
    children = [] if kind is ast.Constant else kind.__subclasses__()
    return [concrete for child in children for concrete in _concrete(child)] or [kind]
