"""Arguments near those that tests use: one to three parts changed by a rule of their type."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

MOST_TRIES = 8
"""For each wanted neighbour."""
LONGEST = 40
"""Items of a list, or letters of a string, that are made longer."""
HUGE = 1 << 40
FROM_RANGE = 0.3
"""Share of whole numbers that are drawn from the range that was seen."""
DROPPED = 0.3
"""Share of changes to a dictionary that remove a key."""


class Neighbours:
    """Makes values up from those that were seen; always the same ones."""

    def __init__(self, seed: int, pool: list[Any]) -> None:
        self._random = random.Random(seed)  # noqa: S311  no secrets are made of it
        self._pool = pool
        """Plain values and instances of all calls."""
        self._numbers = [n for n in pool if isinstance(n, int) and abs(n) < HUGE] or [0, 1]
        self._instances = [each for each in pool if is_instance(each)]
        self._letters = "".join(text for text in pool if isinstance(text, str)) or "ab"
        self._rules: list[tuple[type | tuple[type, ...], Callable[[Any], Any]]] = [
            (bool, lambda value: not value),
            (int, self._int),
            (float, self._float),
            (str, self._string),
            (list, self._list),
            (tuple, lambda value: _same_tuple(value, self._list(list(value)))),
            (dict, self._dict),
            ((set, frozenset), self._set),
        ]

    def near(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """A copy with one to three of its parts changed."""
        changed = list(copy.deepcopy(arguments))
        for _ in range(self._random.choice((1, 1, 2, 3))):
            if changed:
                at = self._random.randrange(len(changed))
                changed[at] = self._value(changed[at])
        return tuple(changed)

    def _value(self, value: Any) -> Any:
        for kind, rule in self._rules:
            if isinstance(value, kind):
                return rule(value)
        return self._instance(value) if is_instance(value) else value

    def _instance(self, value: Any) -> Any:
        """One attribute changed: a node loses a branch, or gets one that was seen elsewhere."""
        state = vars(value)
        if not state:
            return value
        name = self._random.choice(sorted(state))
        kin = [each for each in self._instances if type(each) is type(value)]
        if is_instance(state[name]):
            is_dropped = self._random.random() < DROPPED
            state[name] = None if is_dropped else self._instance(state[name])
        elif state[name] is None and kin:
            state[name] = copy.deepcopy(self._random.choice(kin))
        else:
            state[name] = self._value(state[name])
        return value

    def _int(self, value: int) -> int:
        if abs(value) > HUGE:
            return value + self._random.choice((-1, 1))
        if self._random.random() < FROM_RANGE:
            return self._random.randint(min(self._numbers), max(self._numbers))
        choices = (value + 1, value - 1, 0, 1, 2, -value, value * 2, value // 2, value + 7)
        return self._random.choice(choices)

    def _float(self, value: float) -> float:
        return self._random.choice((value + 1, value / 2, -value, 0.0, value * 2, value - 0.5))

    def _string(self, value: str) -> str:
        at = self._random.randint(0, len(value))
        letter = self._random.choice(self._letters)
        count = self._random.randint(1, 8)
        choices = (
            "",
            value[:at],
            value[at:],
            value[:at] + letter + value[at:],
            value[:at] + value[at + 1 :],
            value[:at] + letter + value[at + 1 :],
            value[::-1],
            (value + value)[: len(value) + LONGEST],
            "".join(self._random.choice(self._letters) for _ in range(count)),
        )
        return self._random.choice(choices)

    def _list(self, items: list[Any]) -> list[Any]:
        if not items:
            return [copy.deepcopy(self._random.choice(self._pool))] if self._pool else items
        at = self._random.randrange(len(items))
        rules: tuple[Callable[[], list[Any]], ...] = (
            lambda: items[:at] + items[at + 1 :],
            lambda: [*items[:at], copy.deepcopy(self._random.choice(items)), *items[at:]],
            lambda: items[::-1],
            lambda: items[:at],
            lambda: [items[at]],
            lambda: _ordered(items),
            lambda: self._random.sample(items, len(items)),
            lambda: [*items, *map(self._value, copy.deepcopy(items[: LONGEST - len(items)]))],
            lambda: self._with_other(items, at),
            lambda: self._with_other(items, at),
            lambda: self._with_other(items, at),
        )
        return self._random.choice(rules)()

    def _with_other(self, items: list[Any], at: int) -> list[Any]:
        rest = items[:at] + items[at + 1 :]
        was_ordered = len(rest) > 1 and _ordered(rest) == rest
        items[at] = self._value(items[at])
        return _ordered(items) if was_ordered else items

    def _set(self, value: Any) -> Any:
        return type(value)(self._list(sorted(value, key=repr)))

    def _dict(self, value: dict[Any, Any]) -> dict[Any, Any]:
        if not value:
            return value
        key = self._random.choice(sorted(value, key=repr))
        if self._random.random() < DROPPED:
            del value[key]
        else:
            value[key] = self._value(value[key])
        return value


def is_instance(value: Any) -> bool:
    """Whether it is an object of somebody's class, with a state."""
    return isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, type)


def _ordered(items: list[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return items


def _same_tuple(value: tuple[Any, ...], items: list[Any]) -> Any:
    make = getattr(type(value), "_make", None)
    if make is None:
        return tuple(items)
    return make(items) if len(items) == len(value) else value
