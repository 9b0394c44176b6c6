"""Arguments of programs, drawn from a seeded generator: what `programs.txt` may call."""

# Each method is a word of that table and says itself what it draws.
# ruff: noqa: D102

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

LETTERS = "ABCDEFGH"
Tree = list[Any] | None


class Draw:
    """One-letter helpers, so that a program's arguments fit on a line."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def arguments(self, expression: str) -> tuple[Any, ...]:
        """One case."""
        names: dict[str, Any] = {"so": sorted, "P": list}
        names.update((name, getattr(self, name)) for name in dir(self) if name[0] != "_")
        result: tuple[Any, ...] = eval(f"({expression},)", names)  # our own table
        return result

    def i(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def b(self) -> bool:
        return self._random.random() < 0.5

    def pick(self, *values: Any) -> Any:
        return self._random.choice(values)

    def l(self, size: int, low: int, high: int) -> list[int]:  # noqa: E743
        return [self.i(low, high) for _ in range(self.i(0, size))]

    def l1(self, size: int, low: int, high: int) -> list[int]:
        return [self.i(low, high) for _ in range(self.i(1, size))]

    def u(self, size: int, low: int, high: int, *, exact: bool = False) -> list[int]:
        """Different numbers."""
        count = size if exact else self.i(0, size)
        return self._random.sample(range(low, high + 1), min(count, high - low + 1))

    def u1(self, size: int, low: int, high: int) -> list[int]:
        return self.u(self.i(1, size), low, high, exact=True)

    def s(self, alphabet: str, low: int, high: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(self.i(low, high)))

    def ws(self, alphabet: str, count: int, low: int, high: int) -> list[str]:
        return [self.s(alphabet, low, high) for _ in range(self.i(0, count))]

    def ws1(self, alphabet: str, count: int, low: int, high: int) -> list[str]:
        return [self.s(alphabet, low, high) for _ in range(self.i(1, count))]

    def digits(self, size: int) -> list[int]:
        first = self.pick(self.i(1, 9), 9)
        return [first, *(self.pick(self.i(0, 9), 9) for _ in range(self.i(0, size - 1)))]

    def m(self, rows: int, columns: int, low: int, high: int) -> list[list[int]]:
        return [[self.i(low, high) for _ in range(columns)] for _ in range(rows)]

    def rows(self, alphabet: str, rows: int, columns: int) -> list[list[str]]:
        return [list(self.s(alphabet, columns, columns)) for _ in range(rows)]

    def perm(self, size: int) -> list[int]:
        return self.u(size, 0, size - 1, exact=True)

    def p(self, size: int, modulus: int = 10) -> list[int]:
        """A polynomial without leading zeros."""
        found = self.l(size, 0, modulus - 1)
        return found[1:] if found and found[0] == 0 and found[1:2] != [0] else found and [1, *found]

    def p1(self, size: int, modulus: int = 10) -> list[int]:
        return [self.i(1, modulus - 1), *self.l(size - 1, 0, modulus - 1)]

    def spans(self, count: int, low: int, high: int) -> list[list[int]]:
        pairs = [sorted([self.i(low, high), self.i(low, high)]) for _ in range(self.i(0, count))]
        return [[one, other + (one == other)] for one, other in pairs]

    def spans1(self, count: int, low: int, high: int) -> list[list[int]]:
        return self.spans(count, low, high) or [[low, high]]

    def pal(self, half: int, low: int, high: int) -> list[int]:
        """Often a palindrome."""
        part = self.l(half, low, high)
        return self.pick(part + part[::-1], part + part[-2::-1], self.l(2 * half, low, high))

    def nested(self, depth: int) -> list[Any]:
        return [
            self.nested(depth - 1) if depth and self.i(0, 2) == 0 else self.i(0, 9)
            for _ in range(self.i(0, 4))
        ]

    def rotated(self, size: int, low: int, high: int) -> list[int]:
        numbers = sorted(self.u1(size, low, high))
        at = self.i(0, len(numbers) - 1)
        return numbers[at:] + numbers[:at]

    def twice(self, size: int, low: int, high: int) -> list[int]:
        """All but two numbers come twice."""
        numbers = self.u(size, low, high, exact=True)
        found = numbers + numbers[2:]
        self._random.shuffle(found)
        return found

    def rle(self) -> str:
        return "".join(f"{self.i(1, 12)}{self.s('abc', 1, 1)}" for _ in range(self.i(0, 4)))

    def garage(self) -> list[list[int]]:
        return [self.perm(size := self.i(2, 6)), self.perm(size)]

    def triangle_costs(self, size: int) -> list[list[int]]:
        return [
            [-1] * (row + 1) + [self.i(1, 30) for _ in range(size - row - 1)] for row in range(size)
        ]

    def _edges(self, size: int, share: float, ok: Callable[[int, int], bool]) -> dict[str, Any]:
        return {
            LETTERS[a]: [
                LETTERS[b]
                for b in range(size)
                if a != b and ok(a, b) and self._random.random() < share
            ]
            for a in range(size)
        }

    def graph(self, size: int, share: float) -> dict[str, list[str]]:
        return self._edges(size, share, lambda _a, _b: True)

    def dag(self, size: int, share: float) -> dict[str, list[str]]:
        order = self.perm(size)
        return self._edges(size, share, lambda a, b: order[a] < order[b])

    def ugraph(self, size: int, share: float) -> dict[str, list[str]]:
        half = self._edges(size, share, lambda a, b: a < b)
        return {a: sorted({*half[a], *(b for b in half if a in half[b])}) for a in half}

    def wgraph(self, size: int) -> dict[str, dict[str, int]]:
        return {a: {b: self.i(1, 12) for b in to} for a, to in self.graph(size, 0.45).items()}

    def matrix_graph(self, size: int) -> list[list[int]]:
        edges = self.ugraph(size, 0.4)
        return [[int(LETTERS[b] in edges[LETTERS[a]]) for b in range(size)] for a in range(size)]

    def flow(self, size: int) -> list[list[int]]:
        return [
            [
                self.pick(0, self.i(1, 12)) if a != b and b and a < size - 1 else 0
                for b in range(size)
            ]
            for a in range(size)
        ]

    def maze(self, size: int) -> list[list[int]]:
        rows = [[self.pick(1, 1, 1, 0) for _ in range(size)] for _ in range(size)]
        rows[0][0] = rows[-1][-1] = 1
        return rows

    def prim(self, size: int) -> dict[int, list[list[int]]]:
        found: dict[int, list[list[int]]] = {node: [] for node in range(1, size + 1)}
        for node in range(2, size + 1):
            for other in {self.i(1, node - 1), self.i(1, node - 1)}:
                weight = self.i(1, 15)
                found[node].append([weight, other])
                found[other].append([weight, node])
        return found

    def marriage(self, size: int) -> list[dict[str, list[str]]]:
        men, women = LETTERS[:size], LETTERS[:size].lower()
        return [
            {man: self._random.sample(women, size) for man in men},
            {woman: self._random.sample(men, size) for woman in women},
        ]

    def skyline(self, count: int) -> list[list[int]]:
        return sorted([*pair, self.i(1, 12)] for pair in self.spans1(count, 0, 15))

    def sorted_matrix(self) -> list[Any]:
        size = self.i(1, 4)
        rows = [[0] * size for _ in range(size)]
        for row in range(size):
            for column in range(size):
                above = rows[row - 1][column] if row else 0
                before = rows[row][column - 1] if column else 0
                rows[row][column] = max(above, before) + self.i(1, 4)
        return [rows, size, size, self.i(1, 15)]

    def cover(self) -> list[Any]:
        subsets = {f"S{n}": set(self.u1(4, 1, 6)) for n in range(self.i(2, 5))}
        subsets["S9"] = set(range(1, 7)) if self.b() else set(self.u1(5, 1, 6))
        costs = {name: self.i(1, 12) for name in subsets}
        return [set(range(1, 7)), subsets, costs]

    def tree(self, size: int, low: int, high: int) -> Tree:
        """`[value, left, right]`, each of them a tree or None."""
        if size <= 0 or self.i(0, 5) == 0:
            return None
        left = self.i(0, size - 1)
        value = self.i(low, high)
        return [value, self.tree(left, low, high), self.tree(size - 1 - left, low, high)]

    def bst(self, size: int, low: int, high: int) -> Tree:
        return _grown(sorted(self.u(size, low, high, exact=True)))


def _grown(values: Sequence[int]) -> Tree:
    if not values:
        return None
    middle = len(values) // 2
    return [values[middle], _grown(values[:middle]), _grown(values[middle + 1 :])]
