"""The train task: from a run's request to out/model, resuming from the last complete checkpoint."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.curated import CuratedSet
from curation.job import Cancelled, Job
from curation.models import Loaded, load
from curation.runs import replace_text
from curation.table import write_part
from curation.trace import Trace
from training import checkpoints
from training.memory import memory_error
from training.objective import OBJECTIVES, Objective, Setup, Task
from training.reporting import Reporter, callback
from training.student import MODEL, TRAINED_ON, Student

SCORES = "scores.json"


def train(job: Job) -> None:
    """Train the student of the run's request and leave it in out/model."""
    if (job.out / SCORES).exists():
        return
    objective = OBJECTIVES.parse(job.request.spec)
    curated = CuratedSet(Path(job.request.inputs["set"]))
    traces = list(curated.traces())
    student = Student.from_inputs(job.request.inputs)
    write_part(_problem_ids(traces, student), job.out / TRAINED_ON)
    loaded = load(student.path, student.adapter, dtype="float32")  # master weights; bf16 is autocast
    try:
        setup = objective.setup(Task(loaded, traces, job.out / "checkpoints", job.request.seed))
        facts = _run(job, setup)
    except (MemoryError, RuntimeError) as error:
        raise memory_error(error, _remedy(objective)) from error
    _save(setup.trainer.model, loaded, job.out / MODEL, lora=objective.lora)
    scores = {
        "set": curated.name,
        "set_parts": [part.sha256 for part in curated.manifest.parts],
        "student": student.name,
        "objective": objective.dump(),
        "seed": job.request.seed,
        **setup.facts,
        **facts,
    }
    replace_text(job.out / SCORES, json.dumps(scores, indent=1))


def _run(job: Job, setup: Setup) -> dict[str, Any]:
    """Train to the end or until asked to stop; returns what was measured."""
    checkpoint = checkpoints.last(job.out / "checkpoints")
    reporter = Reporter(job, checkpoints.step(checkpoint) if checkpoint else 0)
    trainer = setup.trainer
    trainer.add_callback(callback(reporter))
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < trainer.state.max_steps:
        raise Cancelled
    logged = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    tail = logged[-max(1, len(logged) // 10) :]
    return {
        "steps": trainer.state.global_step,
        "loss": sum(tail) / len(tail) if tail else None,
        "tokens": int(trainer.state.num_input_tokens_seen),
        "seconds": round(reporter.seconds, 2),
    }


def _problem_ids(traces: list[Trace], student: Student) -> pa.Table:
    """Ids of every problem the new student has seen: the set's and those its own student was trained on."""
    seen = {trace.problem.id for trace in traces} | (student.problems() or frozenset())
    return pa.table({"problem_id": pa.array(sorted(seen), pa.string())})


def _save(model: Any, loaded: Loaded, folder: Path, *, lora: bool) -> None:  # noqa: ANN401  (a transformers model)
    """Write the whole model beside its place, then move it there."""
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    whole = model.merge_and_unload() if lora else model
    whole.config.use_cache = True  # the trainer turns it off
    whole.save_pretrained(temporary)
    loaded.tokenizer.save_pretrained(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def _remedy(objective: Objective) -> str:
    return (
        f"Lower batch_tokens ({objective.batch_tokens}), per_device_train_batch_size "
        f"({objective.per_device_train_batch_size}) or max_length ({objective.max_length}), raise "
        "gradient_accumulation_steps by as much, or turn on lora"
    )
