"""Facts of one Python file, from its abstract syntax tree (the standard library's `ast`)."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from doctest import DocTestParser
from typing import Any, Final

from testfleet.planning.impact.imports.facts import FileFacts, Reach, Unknown
from testfleet.planning.impact.imports.python_calls import References
from testfleet.planning.impact.imports.python_processes import command_in_list, command_in_text
from testfleet.planning.impact.imports.python_words import (
    COMPUTED_SOURCE,
    CONVENTIONAL,
    ENDING,
    FOLDER,
    LOCAL_HOOKS,
    PYTESTERS,
    WORD,
)

_LONGEST_TEXT: Final = 20_000
"""A longer literal is data, and names no file."""

_UNREAD: Final = frozenset({"annotation", "returns", "ctx", "type_comment", "type_params"})
"""Fields of nodes that import nothing and name no file."""


def read_python(source: bytes) -> FileFacts:
    """What a Python file says. What this interpreter cannot parse is unknown."""
    reading = _Reading()
    try:
        reading.code(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        line = getattr(exc, "lineno", None) or 1
        what = f"source that cannot be parsed: {_brief(exc)}"
        return FileFacts(unknown=(Unknown(line, what, Reach.LOADED),))
    return reading.facts()


def read_text(source: bytes) -> FileFacts:
    """What the doctests in a text file say."""
    reading = _Reading()
    reading.examples(source.decode("utf-8", "replace"), 1)
    return reading.facts()


def _brief(exc: BaseException) -> str:
    return (str(exc) or type(exc).__name__).splitlines()[0]


@dataclass
class _Reading:
    """What has been found so far, in a file and in its doctests."""

    imports: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    plugins: set[str] = field(default_factory=set)
    exports: set[str] = field(default_factory=set)
    unknown: set[Unknown] = field(default_factory=set)
    references: References = field(default_factory=References)
    rules_session: bool = False

    def code(self, source: bytes | str) -> None:
        """Read all of a module. Raises what `ast.parse` raises."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Odd escapes in somebody else's strings.
            module = ast.parse(source)
        for statement in module.body:
            self._top_level(statement)
        self.references.texts.modules.append(module)
        self._all_nodes(module)

    def examples(self, text: str, line: int) -> None:
        """Read the doctests of a text."""
        try:
            examples = DocTestParser().get_examples(text)
        except ValueError as exc:
            what = f"doctests that cannot be read: {_brief(exc)}"
            self.unknown.add(Unknown(line, what, Reach.LOADED))
            return
        for example in examples:
            try:
                self.code(example.source)
            except (SyntaxError, ValueError):
                continue  # Such an example fails before it imports anything.

    def facts(self) -> FileFacts:
        """All that was found, in order."""
        seen = self.references.judge()
        for script in seen.scripts:
            self._script(script)
        words = {word for text in self.texts | seen.strings for word in WORD.findall(text)}
        words |= {f"*{end[1]}" for text in self.texts if (end := ENDING.fullmatch(text))}
        if seen.places and any(map(COMPUTED_SOURCE.fullmatch, self.texts)):
            self.unknown.add(Unknown(1, "a .py file by a computed name", Reach.IF_TEST))
        folders = self.texts if seen.places or seen.edits_path else ()
        return FileFacts(
            imports=tuple(sorted(self.imports | seen.imports)),
            strings=tuple(sorted(words)),
            folders=tuple(sorted(text for text in folders if FOLDER.fullmatch(text))),
            programs=tuple(sorted(seen.programs)),
            plugins=tuple(sorted(self.plugins)),
            exports=tuple(sorted(self.exports)),
            unknown=tuple(sorted(self.unknown | seen.unknown)),
            edits_path=seen.edits_path,
            rules_session=self.rules_session,
        )

    def _script(self, source: str) -> None:
        """Code for a Python of its own: what it imports, a process of its own imports."""
        inner = read_python(source.encode())
        self.imports |= set(inner.imports)
        self.unknown |= set(inner.unknown)

    def _all_nodes(self, module: ast.Module) -> None:
        """Visit each node once: a loop, as a recursive visitor would take three times as long."""
        pending: list[ast.AST] = [module]
        while pending:
            node = pending.pop()
            handle = _HANDLERS.get(type(node))
            if handle is not None and handle(self, node):
                continue
            for name, value in node.__dict__.items():
                if isinstance(value, list):
                    pending += [item for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST) and name not in _UNREAD:
                    pending.append(value)

    def _top_level(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith("pytest_"):
            self.rules_session |= not LOCAL_HOOKS.match(statement.name)

    def _import(self, node: ast.Import) -> bool:
        for alias in node.names:
            self.imports.add(alias.name)
            self.references.bind(alias.asname or alias.name.split(".")[0], alias)
            self._note_convention(alias.name, node.lineno)
        return True

    def _import_from(self, node: ast.ImportFrom) -> bool:
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            self.imports.add(
                f"{base}{alias.name}" if base.endswith(".") else f"{base}.{alias.name}"
            )
            self.references.bind(alias.asname or alias.name, alias, module=node.module or "")
        if node.level == 0:
            self._note_convention(base, node.lineno)
        return True

    def _note_convention(self, module: str, line: int) -> None:
        package = module.partition(".")[0]
        if package in CONVENTIONAL:
            what = f"{package}, which imports modules by convention"
            self.unknown.add(Unknown(line, what, Reach.LOADED))

    def _expression(self, node: ast.Expr) -> bool:
        """A string that stands alone is a docstring, or nothing."""
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            return False
        text = node.value.value
        if ">>>" in text:
            self.examples(text, node.lineno)
        return True

    def _constant(self, node: ast.Constant) -> bool:
        if isinstance(node.value, str) and len(node.value) <= _LONGEST_TEXT:
            self.texts.add(node.value)
            self.unknown |= command_in_text(node)
        return True

    def _sequence(self, node: ast.List | ast.Tuple) -> bool:
        self.unknown |= command_in_list(node)
        if node.elts:
            self.references.programs.add(id(node.elts[0]))
        return False

    def _condition(self, node: ast.If) -> bool:
        """What a test file does when somebody runs it as a script, pytest does not do."""
        left = node.test.left if isinstance(node.test, ast.Compare) else None
        if not isinstance(left, ast.Name) or left.id != "__name__" or node.orelse:
            return False
        body = "\n".join(map(ast.unparse, node.body))
        return "unittest.main(" in body or "pytest.main(" in body

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if "pytest_plugins" in names:
            self._list(node, self.plugins, Unknown(node.lineno, "computed pytest_plugins"))
        if "__all__" in names:
            self._list(node, self.exports, None)
        return False

    def _list(
        self,
        node: ast.Assign | ast.AnnAssign | ast.AugAssign,
        names: set[str],
        otherwise: Unknown | None,
    ) -> None:
        """Add the strings of a literal; what is not one is `otherwise`, or the name `*`."""
        value = node.value
        items = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
        for item in items:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                names.add(item.value)
            elif otherwise is not None:
                self.unknown.add(otherwise)
            else:
                names.add("*")

    def _call(self, node: ast.Call) -> bool:
        self.references.calls.append(node)
        return False

    def _reference(self, node: ast.Name | ast.Attribute) -> bool:
        self.references.add(node)
        return isinstance(node, ast.Name)

    def _parameters(self, node: ast.arguments) -> bool:
        for argument in (*node.posonlyargs, *node.args, *node.kwonlyargs):
            if argument.arg in PYTESTERS:
                what = f"{argument.arg}, which runs pytest on files of its own"
                self.unknown.add(Unknown(argument.lineno, what))
            elif argument.arg == "pytestconfig":
                self.references.places = True
        return not node.defaults and not node.kw_defaults


_HANDLERS: Final[Mapping[type[ast.AST], Callable[[_Reading, Any], bool]]] = {
    ast.Import: _Reading._import,
    ast.ImportFrom: _Reading._import_from,
    ast.Expr: _Reading._expression,
    ast.Constant: _Reading._constant,
    ast.If: _Reading._condition,
    ast.List: _Reading._sequence,
    ast.Tuple: _Reading._sequence,
    ast.Assign: _Reading._assignment,
    ast.AnnAssign: _Reading._assignment,
    ast.AugAssign: _Reading._assignment,
    ast.Call: _Reading._call,
    ast.Name: _Reading._reference,
    ast.Attribute: _Reading._reference,
    ast.arguments: _Reading._parameters,
}
"""By type of node; True when nothing below the node is of interest."""
