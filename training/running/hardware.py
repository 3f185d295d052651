"""What the device can do at most, as far as its maker says."""

from pathlib import Path

# dense bf16 FLOP/s with float32 sums, from the makers' data sheets; the first name found in the device's counts
PEAKS = {
    "H200": 989e12,
    "H100 NVL": 835e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
    "A10G": 70e12,
    "A10": 125e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
}
FLOPS, FLOPS_LORA = 6, 4  # per weight and token: forward 2, backward 4; frozen weights need no gradient of their own


def peak(device: str) -> float | None:
    """FLOP/s of a device by its name, or None where it is not known."""
    return next((flops for name, flops in PEAKS.items() if name in device), None)


def full_pace(weights: int, *, bf16: bool, lora: bool, devices: int) -> float | None:
    """Tokens per second at full use of the devices; None on a CPU, an unknown device, or without bf16."""
    import torch

    flops = peak(torch.cuda.get_device_name()) if bf16 and torch.cuda.is_available() else None
    return None if flops is None else flops * devices / ((FLOPS_LORA if lora else FLOPS) * weights)


def gpus() -> int:
    """How many NVIDIA devices the machine has, found without loading torch."""
    return len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
