"""Winnow's sft against a bare SFTTrainer: the same model, rows, batches and settings, in turns on the same machine.

Both train the shipped student on the shipped teacher traces in float32, 16 rows a batch. The bare trainer is given
rows already tokenised, in the very order, and logs as often; it has no run folder, no metrics and no token count.
Time is the processor's, which neighbours on a shared machine disturb less than the clock.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from curation.backends.transformers_model import load
from curation.connection import BASE
from curation.curated import CuratedSet, Manifest, describe_part
from curation.imports.run import import_files
from curation.job import Job
from curation.runs import PROJECT, create
from curation.table import from_table, parts, read_batches, to_table, write_part
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from training.launch import train_request
from training.objectives.sft import Sft
from training.rows.batches import draw, group
from training.rows.data import Rendered, render_all
from training.student import resolve
from training.train import train

SAMPLES = PROJECT / "data" / "samples" / "teacher_traces.jsonl.gz"
BATCH, RATE = 16, 1e-3
GOAL = "ratio >= 0.95"
ROWS, TURNS = 320, 3


def curated(root: Path, rows: int) -> CuratedSet:
    """The first sample traces as a set."""
    import_files([SAMPLES], root / "imported")
    traces = [trace for batch in read_batches(parts(root / "imported")) for trace in from_table(batch)][:rows]
    folder = root / "sets" / "samples"
    write_part(to_table(traces), folder / "part-00000.parquet")
    manifest = Manifest(
        name="samples", created="2026-01-01", recipe="none", recipe_yaml="", source={}, rebuild="", rows=len(traces),
        problems=len(traces), tokens=None, steps=[], scores=[], parts=[describe_part(folder / "part-00000.parquet")],
        code_version="0",
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return CuratedSet(folder)


def winnow(data: CuratedSet, root: Path) -> float:
    """Tokens per second of processor time of a train run."""
    objective = Sft(
        max_train_tokens=None, num_train_epochs=1, per_device_train_batch_size=BATCH, batch_tokens=None,
        learning_rate=RATE, warmup_steps=0, save_steps=10_000,
    )  # fmt: skip
    run = create(root / "runs", train_request(data, objective, resolve(BASE, root / "runs")))
    began = time.process_time()
    train(Job(run))
    return float((run.result("scores.json") or {})["tokens"]) / (time.process_time() - began)


def bare(data: CuratedSet, root: Path) -> float:
    """Tokens per second of processor time of the same training, written as a script would."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    began = time.process_time()
    student = load(resolve(BASE, root).path, dtype="float32")
    rows = list(render_all(student.tokenizer, data.traces(), 1024))
    order = in_order(rows)
    dataset = Dataset.from_list([{"input_ids": row.token_ids[: row.kept], "labels": row.labels} for row in order])
    config = SFTConfig(
        output_dir=str(root / "bare"), learning_rate=RATE, lr_scheduler_type="cosine", warmup_steps=0,
        per_device_train_batch_size=BATCH, num_train_epochs=1, train_sampling_strategy="sequential", max_length=None,
        save_strategy="no", logging_steps=1, bf16=False, gradient_checkpointing=False, use_cpu=True,
        report_to="none", disable_tqdm=True,
    )  # fmt: skip
    trainer: Any = SFTTrainer(student.model, config, train_dataset=dataset, processing_class=student.tokenizer)
    trainer.train()
    trainer.model.save_pretrained(root / "bare" / "model")
    return sum(row.kept for row in order) / (time.process_time() - began)


def in_order(rows: list[Rendered]) -> list[Rendered]:
    """The rows as Winnow's batches take them."""
    lengths = [row.kept for row in rows]
    order = draw(lengths, epochs=1, budget=None, seed=0)
    return [rows[number] for batch in group(order, lengths, rows=BATCH, tokens=None, seed=0) for number in batch]


def figures(_: Bench) -> Iterator[Figure]:
    """The medians of some turns."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        data = curated(root, ROWS)
        bare(data, root)  # imports and first allocations are nobody's
        found = [(winnow(data, root), bare(data, root)) for _ in range(TURNS)]
    ours, theirs = (statistics.median(column) for column in zip(*found, strict=True))
    yield Figure("train: sft", ours, "tokens/s of processor time", ROWS, "bare SFTTrainer", theirs, GOAL)
