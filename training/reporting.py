"""What a Trainer tells its run: metrics, a stop when asked, and a clear end when the loss is lost."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.errors import UserError
from curation.job import Job
from curation.runs import replace_text
from training import checkpoints

# what every Trainer logs; the rest, such as rewards and margins, is the objective's own and kept under its name
SHARED = {"loss", "grad_norm", "learning_rate", "epoch", "num_tokens", "num_input_tokens_seen", "total_flos"}


class Reporter:
    """Writes metrics.jsonl and refuses to go on without a loss."""

    def __init__(self, job: Job, step: int = 0, stage: str = "", before: Sequence[Mapping[str, Any]] = ()) -> None:
        """`step` is the step of the checkpoint the stage goes on from; metrics of later steps are dropped.

        `before` are the facts of the stages before: steps and tokens are counted on from theirs.
        """
        self.job, self.step, self.stage = job, step, stage
        self.steps_before, self.tokens_staged = (
            sum(int(facts[key]) for facts in before) for key in ("steps", "tokens")
        )
        last = forget_after(job, self.steps_before + step)
        self.seconds_before, self.tokens_before = float(last.get("seconds", 0)), int(last.get("tokens", 0))
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time of all sessions of the run."""
        return self.seconds_before + time.monotonic() - self.began

    def log(self, state: Any, logs: dict[str, Any]) -> None:  # noqa: ANN401  (a TrainerState)
        """One line of metrics; UserError when the loss is no number any more."""
        loss, norm = float(logs["loss"]), float(logs.get("grad_norm", 0.0))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise UserError(
                f"Training diverged: at step {state.global_step} the loss is {loss} and the gradient norm {norm}. "
                "Lower learning_rate or raise warmup_steps, then start a new run."
            )
        elapsed = max(1e-6, time.monotonic() - self.began)
        tokens = self.tokens_staged + int(state.num_input_tokens_seen)
        per_step = elapsed / max(1, state.global_step - self.step)
        self.job.metric(
            step=self.steps_before + state.global_step,
            max_steps=self.steps_before + state.max_steps,
            **({"stage": self.stage} if self.stage else {}),
            loss=round(loss, 5),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=round(norm, 4),
            tokens=tokens,
            tokens_per_second=round((tokens - self.tokens_before) / elapsed, 1),
            seconds=round(self.seconds, 2),
            eta_seconds=round(per_step * (state.max_steps - state.global_step), 1),
            **{name: round(float(value), 5) for name, value in logs.items() if name not in SHARED and _number(value)},
        )


def callback(reporter: Reporter) -> Any:  # noqa: ANN401  (a transformers.TrainerCallback)
    """The reporter as a callback that also seals checkpoints and stops when the run is cancelled."""
    from transformers import TrainerCallback

    class Report(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            reporter.began = time.monotonic()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            if reporter.job.stopping():
                control.should_save = control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401
            if "loss" in logs:
                reporter.log(state, logs)

    return Report()


def _number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def forget_after(job: Job, step: int) -> dict[str, Any]:
    """Drop metrics of steps the checkpoint does not contain; returns the last line that stays."""
    kept = [line for line in job.run.metrics() if line.get("step", 0) <= step]
    replace_text(job.run.folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))
    return kept[-1] if kept else {}
