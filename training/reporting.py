"""What a Trainer tells its run: metrics, a stop when asked, and a clear end when the loss is lost."""

import json
import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from curation.errors import UserError
from curation.job import Job
from curation.runs import replace_text
from training import checkpoints


class Reporter(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Writes metrics.jsonl, seals checkpoints, stops cleanly and refuses to go on without a loss."""

    def __init__(self, job: Job, done_before: dict[str, Any] | None) -> None:
        """`done_before` is the last line of metrics of the sessions this one continues."""
        self.job = job
        self.seconds_before = float((done_before or {}).get("seconds", 0.0))
        self.tokens_before = int((done_before or {}).get("tokens", 0))
        self.began = time.monotonic()
        self.begun_at = 0
        self.losses: list[float] = []

    @property
    def seconds(self) -> float:
        """Training time of all sessions of the run."""
        return self.seconds_before + time.monotonic() - self.began

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Start the clock after loading."""
        self.began, self.begun_at = time.monotonic(), state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Save and stop when asked to."""
        if self.job.stopping():
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Seal the checkpoint just written."""
        checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401
        """One line of metrics."""
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss) or not math.isfinite(float(logs.get("grad_norm", 0.0))):
            raise UserError(
                f"The loss became {loss} at step {state.global_step}: training diverged. Lower learning_rate "
                f"(the peak is {args.learning_rate:g}) or raise warmup_steps ({args.warmup_steps:g}), then start anew."
            )
        self.losses.append(loss)
        tokens, elapsed = int(state.num_input_tokens_seen), max(1e-6, time.monotonic() - self.began)
        per_step = elapsed / max(1, state.global_step - self.begun_at)
        self.job.metric(
            step=state.global_step,
            max_steps=state.max_steps,
            loss=round(loss, 5),
            learning_rate=logs["learning_rate"],
            grad_norm=round(float(logs["grad_norm"]), 4) if "grad_norm" in logs else None,
            tokens=tokens,
            tokens_per_second=round((tokens - self.tokens_before) / elapsed, 1),
            seconds=round(self.seconds, 2),
            eta_seconds=round(per_step * (state.max_steps - state.global_step), 1),
        )


def forget_after(job: Job, step: int) -> dict[str, Any] | None:
    """Drop metrics of steps the checkpoint does not contain; returns the last line that stays."""
    kept = [line for line in job.run.metrics() if line.get("step", 0) <= step]
    text = "".join(json.dumps(line) + "\n" for line in kept)
    replace_text(job.run.folder / "metrics.jsonl", text)
    return kept[-1] if kept else None
