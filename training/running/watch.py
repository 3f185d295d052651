"""What happens between the steps of a trainer: metrics, sealed checkpoints, held-out measurements, an early end.

Everything that decides over going on is decided by the first process for all.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.objective import Task
from training.running import checkpoints
from training.running.held_out import HeldOut
from training.running.processes import agreed, is_first, wait_for_all
from training.running.reporting import Reporter

LOSS, ACCURACY = "held_out_loss", "held_out_accuracy"


@dataclass
class Watch:
    """When to measure, and when measuring says it is enough."""

    reporter: Reporter
    held_out: HeldOut | None = None
    every: int = 1
    patience: int | None = None

    def losses(self) -> dict[int, float]:
        """Held-out loss by the step of the stage, of every session of the run: metrics.jsonl is its memory."""
        start = self.reporter.steps_before
        lines = [line for line in self.reporter.job.run.metrics() if LOSS in line]
        mine = [line for line in lines if line.get("stage", "") == self.reporter.stage]
        return {line["step"] - start: line[LOSS] for line in mine}

    def best(self) -> int | None:
        """The step with the lowest held-out loss, the first of equals; the untrained student is none of them."""
        losses = {step: loss for step, loss in self.losses().items() if step}
        return min(losses, key=lambda step: (losses[step], step)) if losses else None

    def exhausted(self) -> bool:
        """True after `patience` measurements without a lower loss."""
        best = self.best()
        since = sum(step > best for step in self.losses()) if best is not None else 0
        return self.patience is not None and since >= self.patience

    def facts(self, task: Task, *, stopped_early: bool) -> dict[str, Any]:
        """What scores.json says of the held-out problems, and which step's weights were kept."""
        lines = [line for line in self.reporter.job.run.metrics() if LOSS in line or ACCURACY in line]
        last, best = lines[-1] if lines else {}, self.best()
        chosen = best if self.patience is not None else None
        return {
            "held_out_problems": len({trace.problem.id for trace in task.held_out}),
            "held_out_rows": len(task.held_out),
            LOSS: last.get(LOSS) if chosen is None else self.losses()[chosen],
            ACCURACY: last.get(ACCURACY) if chosen is None else self._at(chosen, lines).get(ACCURACY),
            "best_step": best,
            **({"stopped_early": stopped_early, "kept_step": chosen} if chosen is not None else {}),
        }

    def _at(self, step: int, lines: list[dict[str, Any]]) -> dict[str, Any]:
        wanted = self.reporter.steps_before + step
        return next(line for line in reversed(lines) if line["step"] == wanted)

    def due(self, step: int, last: int) -> bool:
        """Whether to measure after this step: every so often, and at the end."""
        return self.held_out is not None and (step % self.every == 0 or step == last)

    def measure(self, state: Any, model: Any) -> None:  # noqa: ANN401  (a TrainerState and a model)
        """Measure once a step; a measurement made before a resumption is not made again."""
        if self.held_out is None or not is_first() or state.global_step in self.losses():
            return
        began = time.monotonic()
        found = self.held_out.measure(model)
        self.reporter.measured(state, found, time.monotonic() - began)


def callback(watch: Watch) -> Any:  # noqa: ANN401  (a transformers.TrainerCallback)
    """The watch as a callback of a trainer."""
    from transformers import TrainerCallback

    reporter = watch.reporter

    class Report(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            reporter.begin()
            watch.measure(state, kwargs["model"])

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            if watch.due(state.global_step, state.max_steps):
                watch.measure(state, kwargs["model"])
                keep_best(state, control)
            if agreed(reporter.job.stopping()):
                control.should_save = control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
            wait_for_all()
            if is_first():
                checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401
            if "loss" in logs:
                reporter.log(state, logs)

    def keep_best(state: Any, control: Any) -> None:  # noqa: ANN401
        """Where training may end early, save every best step and end once nothing better comes."""
        if watch.patience is None:
            return
        best, enough = agreed((watch.best(), watch.exhausted()))
        if best == state.global_step:
            state.best_global_step = best
            control.should_save = True
        control.should_training_stop = control.should_training_stop or enough

    return Report()
