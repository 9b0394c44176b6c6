"""Functions and methods that are taken for one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_GROUPS: Final[Sequence[Sequence[str]]] = (
    ("append", "extend", "insert", "add"),
    ("append", "appendleft"),
    ("extend", "update", "extendleft"),
    ("add", "update", "discard", "remove"),
    ("remove", "pop", "discard"),
    ("pop", "popleft", "popitem"),
    ("find", "index", "rfind", "count"),
    ("rindex", "rfind", "index"),
    ("sort", "reverse"),
    ("keys", "values", "items"),
    ("strip", "lstrip", "rstrip"),
    ("split", "rsplit", "splitlines", "partition"),
    ("partition", "rpartition"),
    ("lower", "upper", "title", "capitalize", "swapcase", "casefold"),
    ("islower", "isupper", "istitle"),
    ("isdigit", "isalpha", "isalnum", "isnumeric", "isdecimal", "isspace", "isidentifier"),
    ("startswith", "endswith"),
    ("ljust", "rjust", "center", "zfill"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("issubset", "issuperset", "isdisjoint"),
    ("get", "pop", "setdefault"),
    ("removeprefix", "removesuffix", "strip"),
    ("read", "readline", "readlines"),
    ("write", "writelines"),
    ("encode", "decode"),
    ("match", "search", "fullmatch", "findall", "finditer"),
    ("heappush", "heappop", "heappushpop", "heapreplace"),
    ("nlargest", "nsmallest"),
    ("bisect_left", "bisect_right", "insort"),
    ("bisect", "bisect_left"),
    ("floor", "ceil", "trunc", "round"),
    ("permutations", "combinations", "combinations_with_replacement", "product"),
    ("takewhile", "dropwhile", "filterfalse"),
    ("zip", "zip_longest", "enumerate"),
    ("sin", "cos", "tan"),
    ("asin", "acos", "atan", "atan2"),
    ("degrees", "radians"),
    ("log", "log2", "log10", "exp", "sqrt"),
    ("sqrt", "isqrt"),
    ("gcd", "lcm"),
    ("copy", "deepcopy"),
    ("choice", "choices", "sample"),
    ("randint", "randrange"),
    ("load", "loads"),
    ("dump", "dumps"),
    ("min", "max"),
    ("any", "all"),
    ("sum", "len", "max", "prod"),
    ("sorted", "reversed", "list"),
    ("list", "set", "tuple", "sorted"),
    ("int", "float", "str", "round"),
    ("ord", "chr"),
    ("bin", "hex", "oct", "str"),
    ("map", "filter"),
    ("str", "repr", "ascii"),
    ("isinstance", "issubclass"),
    ("getattr", "hasattr"),
    ("next", "iter"),
    ("year", "month", "day"),
    ("hour", "minute", "second"),
    ("days", "seconds", "total_seconds"),
    ("date", "datetime", "time"),
    ("weekday", "isoweekday"),
    ("utcnow", "now", "today"),
    ("left", "right"),
    ("first", "last"),
    ("head", "tail"),
    ("next", "prev", "previous"),
    ("row", "col"),
    ("width", "height"),
    ("start", "end", "stop"),
    ("start", "stop", "step"),
    ("key", "value"),
    ("parent", "child", "children"),
    ("x", "y"),
    ("name", "id"),
    ("staticmethod", "classmethod", "property"),
    ("assertEqual", "assertNotEqual"),
)


def near_misses() -> Mapping[str, Sequence[str]]:
    """For each word the others that are often meant, the likeliest first."""
    found: dict[str, dict[str, None]] = {}
    for group in _GROUPS:
        for word in group:
            found.setdefault(word, {}).update(dict.fromkeys(w for w in group if w != word))
    return {word: list(others) for word, others in found.items()}


NEAR_MISSES: Final = near_misses()
