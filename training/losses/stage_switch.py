"""When a stage has learned what its longest answer allows: truncation and reward no longer move (TFPI)."""

from collections.abc import Sequence
from typing import Any

WATCHED = ("completions/clipped_ratio", "reward")  # TFPI watches accuracy on other problems in place of the reward
SLOPE = 0.002  # ours: change per value that counts as none


def flat(values: Sequence[float], window: int, slope: float = SLOPE) -> bool:
    """True when the least-squares line through the last `window` values neither rises nor falls."""
    if len(values) < window or window < 2:
        return False
    middle = (window - 1) / 2
    rise = sum((place - middle) * value for place, value in enumerate(values[-window:]))
    return abs(rise / sum((place - middle) ** 2 for place in range(window))) <= slope


def switch(window: int) -> Any:  # noqa: ANN401  (a transformers.TrainerCallback)
    """A callback that ends a stage once everything watched has been flat for so many lines of the log."""
    from transformers import TrainerCallback

    seen: list[list[float]] = [[] for _ in WATCHED]

    class Switch(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401
            if not all(name in logs for name in WATCHED):
                return
            for series, name in zip(seen, WATCHED, strict=True):
                series.append(float(logs[name]))
            if all(flat(series, window) for series in seen):
                state.max_steps = state.global_step  # so the stage counts as finished, not as stopped
                control.should_training_stop = True

    return Switch()
