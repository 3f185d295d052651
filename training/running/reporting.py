"""What a Trainer tells its run: metrics with pace and time left, and a clear end when the loss is lost."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from curation.errors import UserError
from curation.job import Job
from curation.runs import replace_text

# what every Trainer logs; the rest, such as rewards and margins, is the objective's own and kept under its name
SHARED = {"loss", "grad_norm", "learning_rate", "epoch", "num_tokens", "num_input_tokens_seen", "total_flos"}


class Reporter:
    """Writes metrics.jsonl and refuses to go on without a loss."""

    def __init__(
        self,
        job: Job,
        step: int = 0,
        stage: str = "",
        before: Sequence[Mapping[str, Any]] = (),
        full_pace: float | None = None,
    ) -> None:
        """`step` is the step of the checkpoint the stage goes on from; metrics of later steps are dropped.

        `before` are the facts of the stages before: steps and tokens are counted on from theirs. `full_pace` is the
        tokens a second at full use of the device.
        """
        self.job, self.step, self.stage, self.full_pace = job, step, stage, full_pace
        self.steps_before, self.tokens_staged = (
            sum(int(facts[key]) for facts in before) for key in ("steps", "tokens")
        )
        last = forget_after(job, self.steps_before + step)
        self.seconds_before, self.tokens_before = float(last.get("seconds", 0)), int(last.get("tokens", 0))
        self.began, self.away = time.monotonic(), 0.0
        self._last = (0.0, self.tokens_before)

    def begin(self) -> None:
        """Start the clock: the trainer is ready."""
        self.began, self._last = time.monotonic(), (0.0, self.tokens_before)

    @property
    def elapsed(self) -> float:
        """Training time of this session, without what was spent on measuring."""
        return max(1e-6, time.monotonic() - self.began - self.away)

    @property
    def seconds(self) -> float:
        """Training time of all sessions of the run."""
        return self.seconds_before + self.elapsed

    def log(self, state: Any, logs: dict[str, Any]) -> None:  # noqa: ANN401  (a TrainerState)
        """One line of metrics; UserError when the loss is no number any more."""
        loss, norm = float(logs["loss"]), float(logs.get("grad_norm", 0.0))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise UserError(
                f"Training diverged: at step {state.global_step} the loss is {loss} and the gradient norm {norm}. "
                "Lower learning_rate or raise warmup_steps, then start a new run."
            )
        self._write(
            state,
            loss=round(loss, 5),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=round(norm, 4),
            **self._pace(state),
            **{name: round(float(value), 5) for name, value in logs.items() if name not in SHARED and _number(value)},
        )

    def measured(self, state: Any, found: Mapping[str, float], seconds: float) -> None:  # noqa: ANN401
        """One line of what was measured on held-out problems, which took so long."""
        self.away += seconds
        self._write(state, **found)

    def _write(self, state: Any, **values: float | str | None) -> None:  # noqa: ANN401
        per_step = (time.monotonic() - self.began) / max(1, state.global_step - self.step)  # measuring included
        left = per_step * (state.max_steps - state.global_step)
        self.job.metric(
            step=self.steps_before + state.global_step,
            max_steps=self.steps_before + state.max_steps,
            **({"stage": self.stage} if self.stage else {}),
            **values,
            tokens=self.tokens_staged + int(state.num_input_tokens_seen),
            seconds=round(self.seconds, 2),
            **({"eta_seconds": round(left, 1)} if state.global_step > self.step else {}),
        )

    def _pace(self, state: Any) -> dict[str, float]:  # noqa: ANN401
        """Tokens a second since the last line, and that as a share of what the device can do at most."""
        elapsed, tokens = self.elapsed, self.tokens_staged + int(state.num_input_tokens_seen)
        (before, counted), self._last = self._last, (elapsed, tokens)
        pace = (tokens - counted) / max(1e-6, elapsed - before)
        use = {"mfu": round(pace / self.full_pace, 4)} if self.full_pace else {}
        return {"tokens_per_second": round(pace, 1), **use}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def forget_after(job: Job, step: int) -> dict[str, Any]:
    """Drop metrics of steps the checkpoint does not contain; returns the last line that stays."""
    kept = [line for line in job.run.metrics() if line.get("step", 0) <= step]
    if job.first:
        replace_text(job.run.folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))
    return kept[-1] if kept else {}
