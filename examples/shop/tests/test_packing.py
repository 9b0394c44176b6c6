import random

import pytest

from shop.packing import pack


def weights_of(count, seed):
    chance = random.Random(seed)
    return [chance.randrange(2_000, 9_000, 50) for _ in range(count)]


def test_everything_is_packed_once():
    weights = weights_of(12, seed=1)
    parcels = pack(weights, capacity=20_000)
    assert sorted(weight for parcel in parcels for weight in parcel) == sorted(weights)


def test_no_parcel_is_too_heavy():
    assert all(sum(parcel) <= 15_000 for parcel in pack(weights_of(14, seed=2), capacity=15_000))


def test_greedy_would_need_one_parcel_more():
    assert len(pack([6, 5, 5, 4, 4, 3, 3], capacity=10)) == 3


@pytest.mark.parametrize("seed", [9, 16, 24])
def test_large_orders_need_the_fewest_parcels(seed):
    weights = weights_of(20, seed)
    assert len(pack(weights, capacity=20_000)) == -(-sum(weights) // 20_000)


def test_what_fits_into_no_parcel_is_refused():
    with pytest.raises(ValueError, match="fits into no parcel"):
        pack([25_000], capacity=20_000)
