import pytest

from training.losses.stage_switch import flat


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.5] * 20, True),
        ([0.5, 0.52] * 10, True),
        ([1 - place / 20 for place in range(20)], False),
        ([place / 20 for place in range(20)], False),
        ([1 - place / 20 for place in range(20)] + [0.05] * 20, True),
        ([0.5] * 19, False),
    ],
    ids=["flat", "noisy", "falling", "rising", "flat at the end", "too short"],
)
def test_a_series_is_flat_when_its_last_values_neither_rise_nor_fall(values, wanted):
    assert flat(values, 20) is wanted
