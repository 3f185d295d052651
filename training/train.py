"""The train task: from a run's request to a trained model in out/, stage by stage, resuming where it stopped."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.backends.transformers_model import Loaded, load
from curation.connection import MODEL
from curation.curated import CuratedSet
from curation.job import Cancelled, Job
from curation.runs import replace_text
from curation.table import write_part
from curation.trace import Trace
from training.answering.step_scorer import open_scorer
from training.objective import OBJECTIVES, Objective, Task
from training.running import checkpoints
from training.running.hardware import full_pace
from training.running.held_out import HeldOut, split
from training.running.memory import memory_error
from training.running.processes import agreed, count, wait_for_all
from training.running.reporting import Reporter
from training.running.watch import Watch, callback
from training.student import TRAINED_ON, Student, resolve

SCORES = "scores.json"
SUMMED = ("rows_seen", "tokens_planned", "steps", "tokens", "seconds")


def train(job: Job) -> None:
    """Train the student of the run's request and leave it in out/."""
    if (job.out / SCORES).exists():
        return
    objective = OBJECTIVES.parse(job.request.spec)
    curated = CuratedSet(Path(job.request.inputs["set"]))
    student = Student.from_inputs(job.request.inputs)
    traces, held_out = split(list(curated.traces()), objective.held_out, objective.held_out_seed)
    if job.first:
        write_part(_problem_ids(traces, student), job.out / TRAINED_ON)
    folders = [job.out / "stages" / str(number) for number in range(len(objective.stages()))]
    finished = agreed([folder for folder in folders if (folder / SCORES).exists()])
    loaded = load(str(finished[-1] / "model"), dtype="float32") if finished else objective.load(student)
    runs = job.run.folder.parent
    task = Task(
        loaded, curated, traces, job.out / "checkpoints", job.request.seed, partial(resolve, runs=runs),
        scorer=partial(open_scorer, runs=runs), progress=job.progress, held_out=held_out,
    )  # fmt: skip
    for number in range(len(finished), len(folders)):
        facts = [_facts(folder) for folder in folders[:number]]
        task = replace(task, stage=number, checkpoints=job.out / "checkpoints" / str(number))
        task = replace(task, student=_stage(job, objective, task, folders[number], facts))
    if job.first:
        about: dict[str, Any] = {"set": curated.name, "set_parts": [part.sha256 for part in curated.manifest.parts]}
        about |= {"student": student.name, "objective": objective.dump(), "seed": job.request.seed}
        found = summed(objective.stages(), [_facts(folder) for folder in folders])
        _publish(folders[-1] / "model", job.out / objective.leaves)
        replace_text(job.out / SCORES, json.dumps({**about, **found}, indent=1))
        shutil.rmtree(job.out / "stages")


def _stage(job: Job, objective: Objective, task: Task, folder: Path, before: list[dict[str, Any]]) -> Loaded:
    """Train one stage to its end; its model and facts lie in its folder afterwards."""
    try:
        setup = objective.setup(task)
        measured = _run(job, setup.trainer, task, objective.stages()[task.stage], before)
        facts = {**setup.facts, **measured}  # a trainer may complete its facts while it runs
    except (MemoryError, RuntimeError) as error:
        raise memory_error(error, objective.remedy()) from error
    model = setup.trainer.model
    whole = Loaded(model.merge_and_unload() if objective.lora else model, task.student.tokenizer)
    if job.first:
        _save(whole, folder / "model")
        replace_text(folder / SCORES, json.dumps(facts))
    wait_for_all()
    return whole


def _run(job: Job, trainer: Any, task: Task, stage: str, before: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401
    """Train to the end or until asked to stop; returns what was measured."""
    objective = OBJECTIVES.parse(job.request.spec)
    checkpoint = agreed(checkpoints.last(task.checkpoints) if job.first else None)
    bf16, weights = trainer.args.bf16, task.student.model.num_parameters()
    pace = full_pace(weights, bf16=bf16, lora=objective.lora, devices=count())
    reporter = Reporter(job, checkpoints.step(checkpoint) if checkpoint else 0, stage, before, pace)
    student_made = objective.leaves == MODEL  # a scorer answers no problems; it measures itself
    held_out = HeldOut(objective, task) if task.held_out and student_made else None
    watch = Watch(reporter, held_out, objective.eval_steps, objective.early_stopping_patience)
    trainer.add_callback(callback(watch))
    trainer.args.run_name = " ".join([job.run.id, stage]).strip()
    trainer.args.load_best_model_at_end = watch.patience is not None
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    early = trainer.state.global_step < trainer.state.max_steps
    if early and not agreed(watch.exhausted()):
        raise Cancelled
    logged = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    tail = logged[-max(1, len(logged) // 10) :]
    return {
        "steps": trainer.state.global_step,
        "loss": sum(tail) / len(tail) if tail else None,
        "tokens": int(trainer.state.num_input_tokens_seen),
        "seconds": round(reporter.seconds - sum(facts["seconds"] for facts in before), 2),
        "bf16": bf16,
        "gradient_checkpointing": trainer.args.gradient_checkpointing,
        "processes": count(),
        "reported_to": list(trainer.args.report_to),
        **(watch.facts(task, stopped_early=early) if held_out else {}),
    }


def summed(names: tuple[str, ...], facts: list[dict[str, Any]]) -> dict[str, Any]:
    """The facts of all stages: summed where they add up, else the last one's; of several, each one's too."""
    totals = {key: sum(stage[key] for stage in facts) for key in SUMMED if all(key in stage for stage in facts)}
    own = {"stages": [{"stage": name, **stage} for name, stage in zip(names, facts, strict=True)]}
    return {**facts[-1], **totals, **(own if len(facts) > 1 else {})}


def _facts(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / SCORES).read_text()))


def _problem_ids(traces: list[Trace], student: Student) -> pa.Table:
    """Ids of every problem the new student has seen: the set's and those its own student was trained on."""
    seen = {trace.problem.id for trace in traces} | (student.problems() or frozenset())
    return pa.table({"problem_id": pa.array(sorted(seen), pa.string())})


def _save(loaded: Loaded, folder: Path) -> None:
    """Write the whole model beside its place, then move it there."""
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    loaded.model.config.use_cache = True  # the trainer turns it off
    loaded.model.save_pretrained(temporary)
    loaded.tokenizer.save_pretrained(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def _publish(model: Path, place: Path) -> None:
    """Move the last stage's model to where it is looked for; done already where a kill came after it."""
    if model.exists():
        model.rename(place)
