"""Which things go into which parcel."""

from __future__ import annotations


def pack(weights: list[int], capacity: int) -> list[list[int]]:
    """The fewest parcels that hold all weights, none above `capacity`.

    Branch and bound: heaviest first, each into every parcel that still has room.
    """
    if any(weight > capacity for weight in weights):
        raise ValueError(f"{max(weights)} g fits into no parcel of {capacity} g")
    search = _Search(sorted(weights, reverse=True), capacity)
    search.place(0, [])
    return search.best


class _Search:
    def __init__(self, weights: list[int], capacity: int) -> None:
        self.weights = weights
        self.capacity = capacity
        self.best: list[list[int]] = [[weight] for weight in weights]

    def place(self, at: int, parcels: list[list[int]]) -> None:
        if len(parcels) >= len(self.best):
            return
        if at == len(self.weights):
            self.best = [list(parcel) for parcel in parcels]
            return
        weight, tried = self.weights[at], set()
        for parcel in parcels:
            room = self.capacity - sum(parcel)
            if weight <= room and room not in tried:
                tried.add(room)
                parcel.append(weight)
                self.place(at + 1, parcels)
                parcel.pop()
        self.place(at + 1, [*parcels, [weight]])
