"""What all recorded arguments of a function have in common, so that made-up ones have it, too.

A small set of likely invariants over the arguments, as in Ernst et al., "Dynamically discovering
likely program invariants to support program evolution", IEEE TSE 27(2), 2001: each is a predicate
that holds for every recorded call, and is then asked of every made-up call.
"""

from __future__ import annotations

from typing import Any, Callable  # noqa: UP035  Python 3.8 cannot subscript the other one

Predicate = Callable[[Any], bool]

ENOUGH = 2
"""Calls that a shape must hold for before it is believed."""


def shapes_of(calls: list[tuple[Any, ...]]) -> list[Predicate]:
    """Predicates on a call's positional arguments that hold for all of the calls."""
    if len(calls) < ENOUGH:
        return [shape for call in calls for shape in _certain(call)]
    width = min(len(call) for call in calls)
    proposed: list[Predicate] = []
    for at in range(width):
        proposed += [_at(at, test) for test in _UNARY]
        proposed += _alphabet(calls, at)
        proposed += [
            _pair(at, other, test) for other in range(width) for test in _BINARY if other != at
        ]
    return [test for test in proposed if all(_holds(test, call) for call in calls)]


def fits(call: tuple[Any, ...], shapes: list[Predicate]) -> bool:
    """Whether a made-up call has all of the shapes."""
    return all(_holds(shape, call) for shape in shapes)


def _certain(call: tuple[Any, ...]) -> list[Predicate]:
    """Of a single call: what is sorted stays sorted, and what is not negative stays so."""
    proposed = [_at(at, test) for at in range(len(call)) for test in (_sorted, _not_negative)]
    return [test for test in proposed if _holds(test, call)]


def _holds(test: Predicate, call: tuple[Any, ...]) -> bool:
    try:
        return bool(test(call))
    except Exception:  # noqa: BLE001  values of any type, compared in any way
        return False


def _at(at: int, test: Predicate) -> Predicate:
    return lambda call: test(call[at])


def _pair(at: int, other: int, test: Callable[[Any, Any], bool]) -> Predicate:
    return lambda call: test(call[at], call[other])


def _alphabet(calls: list[tuple[Any, ...]], at: int) -> list[Predicate]:
    """Strings are made of the letters that were seen."""
    if not all(isinstance(call[at], str) for call in calls):
        return []
    letters = {letter for call in calls for letter in call[at]}
    return [lambda call: set(call[at]) <= letters]


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _not_negative(value: Any) -> bool:
    return (_is_int(value) or isinstance(value, float)) and value >= 0


def _positive(value: Any) -> bool:
    return _not_negative(value) and value > 0


def _sorted(value: Any) -> bool:
    return _is_list(value) and all(a <= b for a, b in zip(value, value[1:]))  # noqa: B905, RUF007


def _unique(value: Any) -> bool:
    return _is_list(value) and len({repr(item) for item in value}) == len(value)


def _not_empty(value: Any) -> bool:
    return len(value) > 0


def _items_not_negative(value: Any) -> bool:
    return _is_list(value) and all(_not_negative(item) for item in value)


def _items_positive(value: Any) -> bool:
    return _is_list(value) and all(_positive(item) for item in value)


def _rectangular(value: Any) -> bool:
    return _is_list(value) and len({len(row) for row in value if _is_list(row)}) == 1


def _rows_not_empty(value: Any) -> bool:
    return _is_list(value) and all(_is_list(row) and row for row in value)


def _closed(value: Any) -> bool:
    """A graph: what a key leads to is a key."""
    return isinstance(value, dict) and all(
        item in value for items in value.values() for item in items
    )


def _one_letter(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1


def _below_length(number: Any, items: Any) -> bool:
    return _is_int(number) and 0 <= number < len(items)


def _up_to_length(number: Any, items: Any) -> bool:
    return _is_int(number) and 0 <= number <= len(items)


def _is_length(number: Any, items: Any) -> bool:
    return _is_int(number) and number == len(items)


def _same_length(one: Any, other: Any) -> bool:
    return len(one) == len(other)


def _less(one: Any, other: Any) -> bool:
    return _is_int(one) and _is_int(other) and one < other


def _not_more(one: Any, other: Any) -> bool:
    return _is_int(one) and _is_int(other) and one <= other


def _key_of(one: Any, other: Any) -> bool:
    return isinstance(other, dict) and one in other


_UNARY: tuple[Predicate, ...] = (
    _not_negative,
    _positive,
    _sorted,
    _unique,
    _not_empty,
    _items_not_negative,
    _items_positive,
    _rectangular,
    _rows_not_empty,
    _closed,
    _one_letter,
)
_BINARY: tuple[Callable[[Any, Any], bool], ...] = (
    _below_length,
    _up_to_length,
    _is_length,
    _same_length,
    _less,
    _not_more,
    _key_of,
)
