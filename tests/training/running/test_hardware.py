import pytest

from training.running.hardware import full_pace, peak


@pytest.mark.parametrize(
    ("device", "flops"),
    [("NVIDIA H100 80GB HBM3", 989e12), ("NVIDIA H100 PCIe", 756e12), ("NVIDIA A10G", 70e12), ("Some CPU", None)],
)
def test_the_peak_is_known_by_the_device_s_name(device, flops):
    assert peak(device) == flops


def test_without_bf16_there_is_no_full_pace_to_compare_with():
    assert full_pace(1_000_000, bf16=False, lora=False, devices=1) is None
