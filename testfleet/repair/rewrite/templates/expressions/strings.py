"""Strings and formats: forgotten `f`, wrong arguments of a format, joins, separators, case."""

from __future__ import annotations

import ast
import re
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.source import Edit

_FIELD: Final = re.compile(r"\{\w[^{}]{0,60}\}")
_SPEC: Final = re.compile(r"%[-0-9.]{0,8}([sdifr])")


def _forgotten_f(node: ast.Constant, at: Place) -> Drafts:
    if not isinstance(node.value, str) or isinstance(
        at.parent(node), ast.JoinedStr | ast.Attribute
    ):
        return
    code = at.code(node)
    if _FIELD.search(node.value) and code[0] in "'\"":
        start = at.source.start(node)
        yield Draft((Edit(start, start, "f"),), 1.0)


def _format_field(node: ast.FormattedValue, at: Place) -> Drafts:
    """What a field of an f-string shows, and how."""
    value = at.code(node.value)
    if at.source.text[at.source.start(node.value) - 1 : at.source.end(node.value)] != "{" + value:
        return  # before Python 3.12 the positions within f-strings are those of the string
    end = at.source.end(node.value)
    if node.format_spec is None:
        for spec, weight in ((":.2f", 0.5), ("!r", 0.4), (":02d", 0.3), (":,", 0.2)):
            yield Draft((Edit(end, end, spec),), weight)


def _format_order(node: ast.BinOp, at: Place) -> Drafts:
    """The arguments of `%`: swapped, put into a tuple; the conversions of its format."""
    if not isinstance(node.op, ast.Mod) or not isinstance(node.left, ast.Constant):
        return
    text = node.left.value
    if not isinstance(text, str):
        return
    if isinstance(node.right, ast.Tuple):
        for left, right in zip(node.right.elts, node.right.elts[1:], strict=False):
            yield at.swap(left, right, 0.8)
    else:
        yield at.replace(node.right, f"({at.code(node.right)},)", 0.6)
    code = at.code(node.left)
    for match in _SPEC.finditer(code):
        start = at.source.start(node.left) + match.start(1)
        for other in "sdr":
            if other != match.group(1):
                yield Draft((Edit(start, start + 1, other),), 0.5)


def _joined(node: ast.Call, at: Place) -> Drafts:
    """The separator and the items of a join; both the wrong way round."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args):
        return
    owner, items = node.func.value, node.args[0]
    for separator in ("''", "' '", "', '", "','", "'\\n'"):
        if separator != at.code(owner).replace('"', "'"):
            yield at.replace(owner, separator, 0.6)
    code = at.code(items)
    yield at.replace(items, f"map(str, {code})", 0.7)
    yield at.replace(items, f"reversed({code})", 0.4)
    yield at.replace(items, f"sorted({code})", 0.3)
    yield at.swap(owner, items, 0.3)


def _split(node: ast.Call, at: Place) -> Drafts:
    """The separator of a split, and how often."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in {"split", "rsplit"}):
        return
    end = at.source.end(node) - 1
    if node.args:
        start = at.source.start(node.args[0])
        yield Draft((Edit(start, end, ""),), 0.8)
        if len(node.args) == 1:
            yield Draft((Edit(end, end, ", 1"),), 0.7)
    else:
        for separator in ("','", "' '", "'\\n'", "':'", "'='", "'.'"):
            yield Draft((Edit(end, end, separator),), 0.4)


def _more_steps(node: ast.Call, at: Place) -> Drafts:
    """A method of text that was forgotten behind another one: `x.split()` of `x.strip()`."""
    if isinstance(node.func, ast.Attribute) and isinstance(at.parent(node), ast.expr | ast.stmt):
        if isinstance(at.parent(node), ast.Expr):
            return
        owner = node.func.value
        is_text = at.scope.kind(owner) == "str" or at.scope.kind(node) == "str"
        for method in ("strip()", "lower()", "upper()"):
            weight = 0.6 if is_text else 0.15
            yield at.replace(owner, f"{at.operand(owner)}.{method}", weight)
            if at.scope.kind(node) == "str":
                yield at.replace(node, f"{at.code(node)}.{method}", weight * 0.8)


TEMPLATES: Final = (
    Template(
        "forgotten-f", "strings", "string without interpolation", 1, (ast.Constant,), _forgotten_f
    ),
    Template(
        "format-field", "strings", "format of a field", 0.346, (ast.FormattedValue,), _format_field
    ),
    Template(
        "format-arguments", "strings", "arguments of a format", 0.666, (ast.BinOp,), _format_order
    ),
    Template("joined", "strings", "join", 0.42, (ast.Call,), _joined),
    Template("split", "strings", "split", 0.445, (ast.Call,), _split),
    Template(
        "text-method", "strings", "missing normalisation of text", 0.137, (ast.Call,), _more_steps
    ),
)
