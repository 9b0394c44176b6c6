"""Imports: missing, of another module, of a name that has moved."""

from __future__ import annotations

import ast
import sys
from typing import Final

from testfleet.repair.rewrite.imports import at_top
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template

_HOMES: Final = {
    "collections": ("defaultdict", "deque", "Counter", "OrderedDict", "namedtuple", "ChainMap"),
    "functools": (
        "lru_cache",
        "reduce",
        "partial",
        "wraps",
        "cached_property",
        "cmp_to_key",
        "cache",
    ),
    "itertools": (
        *("chain", "product", "permutations", "combinations", "groupby", "islice", "accumulate"),
        *("zip_longest", "count", "cycle", "repeat", "takewhile", "dropwhile", "starmap", "tee"),
    ),
    "math": (
        "sqrt",
        "floor",
        "ceil",
        "gcd",
        "log",
        "pi",
        "inf",
        "isqrt",
        "factorial",
        "comb",
        "prod",
    ),
    "heapq": ("heappush", "heappop", "heapify", "nlargest", "nsmallest"),
    "bisect": ("bisect_left", "bisect_right", "insort"),
    "copy": ("deepcopy",),
    "datetime": ("datetime", "timedelta", "date", "timezone"),
    "typing": ("Any", "Optional", "Union", "List", "Dict", "Iterable", "Callable", "Tuple"),
    "dataclasses": ("dataclass", "field"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "pathlib": ("Path",),
    "operator": ("itemgetter", "attrgetter"),
    "enum": ("Enum", "IntEnum"),
    "contextlib": ("contextmanager", "suppress"),
    "string": ("ascii_lowercase", "ascii_uppercase", "ascii_letters", "digits", "punctuation"),
    "statistics": ("mean", "median", "stdev"),
    "abc": ("ABC", "abstractmethod"),
    "random": ("randint", "shuffle"),
}
_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names}


def _missing_import(node: ast.Name, at: Place) -> Drafts:
    """`import x` at the top of the file, for a name that nothing binds."""
    if node.id in at.scope.bindings or not isinstance(node.ctx, ast.Load):
        return
    if node.id in sys.stdlib_module_names:
        yield Draft((at_top(f"import {node.id}", at),), 1.0)
    if node.id in _HOME_OF:
        yield Draft((at_top(f"from {_HOME_OF[node.id]} import {node.id}", at),), 1.0)
        yield at.replace(node, f"{_HOME_OF[node.id]}.{node.id}", 0.6)


def _known_elsewhere(node: ast.Name, at: Place) -> Drafts:
    """`sqrt` to `math.sqrt` where the module is imported."""
    for module, names in _HOMES.items():
        if node.id in names and module in at.scope.bindings and node.id not in at.scope.bindings:
            yield at.replace(node, f"{module}.{node.id}", 1.0)


def _superfluous_module(node: ast.Attribute, at: Place) -> Drafts:
    """`collections.deque` to `deque` where the name itself is imported."""
    if node.attr in at.scope.bindings and isinstance(node.value, ast.Name):
        binding = at.scope.bindings[node.attr]
        if binding.kind in {"function", "class", "module"}:
            yield at.replace(node, node.attr, 1.0)


TEMPLATES: Final = (
    Template("missing-import", "imports", "missing import", 1, (ast.Name,), _missing_import),
    Template(
        "qualified-name",
        "imports",
        "name of an imported module",
        1,
        (ast.Name,),
        _known_elsewhere,
    ),
    Template(
        "bare-name", "imports", "name imported itself", 1, (ast.Attribute,), _superfluous_module
    ),
)
