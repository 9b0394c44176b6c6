"""Arguments: swapped, missing, superfluous, replaced."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED, likeness
from testfleet.repair.rewrite.reading.source import Edit, Function

_NO_ARGUMENTS: Final = frozenset({"len", "print", "set", "list", "dict", "str", "int"})


def _swapped(node: ast.Call, at: Place) -> Drafts:
    for index, left in enumerate(node.args):
        for distance, right in enumerate(node.args[index + 1 :]):
            is_starred = isinstance(left, ast.Starred) or isinstance(right, ast.Starred)
            if not is_starred and ast.dump(left) != ast.dump(right):
                like = 0.6 + 0.4 * likeness(at.scope.kind(left), at.scope.kind(right))
                yield at.swap(left, right, like / (1 + distance))


def _one_less(node: ast.Call, at: Place) -> Drafts:
    """Takes an argument out."""
    parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    if isinstance(node.func, ast.Name) and node.func.id in {"isinstance", "range"}:
        return
    for index, part in enumerate(parts):
        if len(parts) == 1:
            yield at.replace(part, "", 0.4)
        elif index + 1 < len(parts):
            edit = Edit(at.source.start(part), at.source.start(parts[index + 1]), "")
            yield Draft((edit,), 0.5)
        else:
            edit = Edit(at.source.end(parts[index - 1]), at.source.end(part), "")
            yield Draft((edit,), 0.8)


def _one_more(node: ast.Call, at: Place) -> Drafts:
    """Passes another variable in scope; to the project's own functions first."""
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    if name in _NO_ARGUMENTS or any(isinstance(a, ast.Starred) for a in node.args):
        return
    if name == "pop" and not node.args:
        yield _appended(node, "0", at, 4.0)
        return
    target = _definition(node, at)
    wanted = _missing_parameters(node, target)
    used = {at.code(arg) for arg in node.args}
    for parameter in wanted[:3]:
        if parameter in at.scope.bindings:
            yield _appended(node, parameter, at, 1.0)
            yield _appended(node, f"{parameter}={parameter}", at, 0.9)
    likely = 0.7 if wanted else (0.1 if target is not None else 0.3)
    for binding in at.scope.near():
        if binding.name not in used:
            yield _appended(node, binding.name, at, likely)
    for text in ("0", "1", "None", "True", "-1"):
        yield _appended(node, text, at, likely * 0.5)


def _inserted(node: ast.Call, at: Place) -> Drafts:
    """Passes a variable before the other arguments."""
    target = _definition(node, at)
    if not node.args or (target is not None and not _missing_parameters(node, target)):
        return
    start = at.source.start(node.args[0])
    for binding in at.scope.near():
        yield Draft((Edit(start, start, f"{binding.name}, "),), 0.5 if target else 0.2)


def _smaller_problem(node: ast.Call, at: Place) -> Drafts:
    """An argument of a recursive call: what is left, what is carried on, half of it."""
    if not _is_recursive(node, at):
        return
    for arg in node.args:
        kind, text = at.scope.kind(arg), at.operand(arg)
        if kind in NUMBERS | {""} and not isinstance(arg, ast.Constant):
            for other, weight in (
                (f"{text} - 1", 1.0),
                (f"{text} + 1", 0.8),
                (f"{text} // 2", 0.4),
            ):
                yield at.replace(arg, other, weight * (1.0 if kind else 0.6))
        if kind in SIZED | {""} and isinstance(arg, ast.Name | ast.Attribute):
            for other, weight in ((f"{text}[1:]", 1.0), (f"{text}[:-1]", 0.8)):
                yield at.replace(arg, other, weight * (1.0 if kind else 0.6))
        yield from _with_another(arg, at)


def _with_another(arg: ast.expr, at: Place) -> Drafts:
    """The argument and another variable, combined."""
    kind, text = at.scope.kind(arg), at.operand(arg)
    for binding in at.scope.near():
        if at.code(arg) != binding.name:
            like = likeness(kind, binding.kind)
            yield at.replace(arg, f"{text} - {binding.name}", 0.5 * like)
            yield at.replace(arg, f"{text} + {binding.name}", 0.5 * like)
            if binding.kind in SIZED and kind in NUMBERS:
                yield at.replace(arg, f"{text} - len({binding.name})", 0.8)
            if kind == "list":
                yield at.replace(arg, f"{text} + [{binding.name}]", 0.7)


def _parameter_for_argument(node: ast.Call, at: Place) -> Drafts:
    """The variable that is called like the parameter it is passed for."""
    target = _definition(node, at)
    if target is None:
        return
    names = [arg.arg for arg in target.args.args if arg.arg not in {"self", "cls"}]
    for arg, name in zip(node.args, names, strict=False):
        if name in at.scope.bindings and at.code(arg) != name:
            yield at.replace(arg, name, 0.8)


_ORDERED: Final = frozenset({"sorted", "sort", "min", "max"})


def _ordering(node: ast.Call, at: Place) -> Drafts:
    """`key=` and `reverse=` of what orders."""
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    if name not in _ORDERED:
        return
    keywords = {keyword.arg: keyword for keyword in node.keywords}
    if name in {"sorted", "sort"} and "reverse" not in keywords:
        yield _appended(node, "reverse=True", at, 1.0)
    if "key" not in keywords:
        keys = ("len", "abs", "lambda x: x[1]", "lambda x: x[0]", "lambda x: -x", "str.lower")
        for index, key in enumerate(
            (*keys, "lambda x: (len(x), x)", "lambda x: x[-1]", "str", "int")
        ):
            yield _appended(node, f"key={key}", at, 0.8 - 0.06 * index)
        for binding in at.scope.callables()[:6]:
            yield _appended(node, f"key={binding.name}", at, 0.3)
    elif isinstance(keywords["key"].value, ast.Lambda):
        body = keywords["key"].value.body
        yield at.replace(body, f"-{at.operand(body)}", 0.7)
        argument = keywords["key"].value.args.args[:1]
        if argument:
            yield at.replace(body, f"({at.code(body)}, {argument[0].arg})", 0.6)


def _keyword_name(node: ast.keyword, at: Place) -> Drafts:
    """A keyword under another parameter's name, or without it."""
    call = at.parent(node)
    target = _definition(call, at) if isinstance(call, ast.Call) else None
    if node.arg is None:
        return
    start = at.source.start(node)
    if target is not None:
        for arg in (*target.args.args, *target.args.kwonlyargs):
            if arg.arg not in {"self", "cls", node.arg}:
                yield Draft((Edit(start, start + len(node.arg), arg.arg),), 0.7)
    yield at.replace(node, at.code(node.value), 0.4)


def _appended(node: ast.Call, text: str, at: Place, weight: float) -> Draft:
    parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    if not parts:
        end = at.source.end(node) - 1
        return Draft((Edit(end, end, text),), weight)
    is_positional = "=" not in text.split("(", maxsplit=1)[0].split("lambda", maxsplit=1)[0]
    anchor = node.args[-1] if is_positional and node.args else parts[-1]
    if is_positional and not node.args:
        start = at.source.start(parts[0])
        return Draft((Edit(start, start, f"{text}, "),), weight)
    end = at.source.end(anchor)
    if at.source.text[end : end + 1] == ")" and end + 1 < at.source.end(node):
        # The argument stands in parentheses of its own: they are written again.
        return at.replace(anchor, f"{at.code(anchor)}), ({text}", weight)
    return Draft((Edit(end, end, f", {text}"),), weight)


def _definition(node: ast.Call, at: Place) -> Function | None:
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    return next((f for f in at.source.functions if f.name == name), None)


def _missing_parameters(node: ast.Call, target: Function | None) -> list[str]:
    if target is None:
        return []
    names = [arg.arg for arg in target.args.args if arg.arg not in {"self", "cls"}]
    given = {keyword.arg for keyword in node.keywords}
    return [n for n in names[len(node.args) :] if n not in given] + [
        arg.arg for arg in target.args.kwonlyargs if arg.arg not in given
    ]


def _is_recursive(node: ast.Call, at: Place) -> bool:
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    around = [at.function, *(n for n in at.source.ancestors(node) if isinstance(n, Function))]
    return any(function is not None and function.name == name for function in around)


TEMPLATES: Final = (
    Template(
        "swapped-arguments",
        "arguments",
        "Mutate Method Invocation FP10.4 (TBar); swapped arguments (PAR)",
        0.629,
        (ast.Call,),
        _swapped,
    ),
    Template(
        "argument-less",
        "arguments",
        "Mutate Method Invocation FP10.3 (TBar)",
        0.14,
        (ast.Call,),
        _one_less,
    ),
    Template(
        "argument-more",
        "arguments",
        "Mutate Method Invocation FP10.3 (TBar)",
        0.15,
        (ast.Call,),
        _one_more,
        4.0,
    ),
    Template(
        "argument-before",
        "arguments",
        "Mutate Method Invocation FP10.3 (TBar)",
        0.048,
        (ast.Call,),
        _inserted,
    ),
    Template(
        "smaller-problem",
        "arguments",
        "argument of a recursive call",
        0.174,
        (ast.Call,),
        _smaller_problem,
    ),
    Template(
        "parameter-for-argument",
        "arguments",
        "argument named like its parameter",
        0.902,
        (ast.Call,),
        _parameter_for_argument,
    ),
    Template("ordering", "arguments", "comparison key", 0.194, (ast.Call,), _ordering),
    Template("keyword-name", "arguments", "keyword argument", 0.423, (ast.keyword,), _keyword_name),
)
