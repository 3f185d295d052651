"""What every operator, objective and strategy promises, walked through the registries."""

import argparse
import importlib
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any, Literal, get_args, get_origin

import pyarrow as pa
import pytest
import yaml

from curation.application.batches import VECTOR, annotate_batch, map_batch, sketch_batch
from curation.flags import add_flags, from_flags
from curation.operator import (
    METADATA,
    OPERATORS,
    Annotator,
    CorpusAnnotator,
    Mapper,
    Operator,
    QueryAnnotator,
    Selector,
    TableSelector,
)
from curation.operators.segment import SegmentReasoning
from curation.runs import PROJECT
from curation.spec import Family, Spec, build
from curation.table import SCHEMA, to_table
from curation.table import TEXTS as TEXTS_OF_A_TRACE
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

# Values for fields without a default.
REQUIRED: dict[str, dict[str, Any]] = {
    "keep_where": {"score": "n_chars", "minimum": 3},
    "fit_student": {"tokenizer": str(PROJECT / "data" / "base_student")},
    "keep_quantile": {"score": "n_chars"},
    "mix": {"ratios": {"ada": 1, "bob": 4}},
    "balance": {"group": "model"},
    "top_per_problem": {"score": "n_chars"},
    "rewrite": {"model": "teacher"},
    "judge": {"model": "teacher"},
    "judge_pairs": {"model": "teacher"},
    "check_claims": {"model": "teacher"},
    "generate": {"model": "base"},
    **{name: {"model": "base"} for name in ("score_lm", "rollout_stats", "locate_error", "ablate")},
}
# Fields that exclude each other, or that other fields bound: a valid set of values in which each differs.
CHANGED: dict[tuple[str, str], dict[str, Any]] = {
    ("keep_where", "maximum"): {"maximum": 9},
    ("keep_where", "values"): {"score": "model", "values": ["a"], "minimum": None},
    ("keep_where", "equals"): {"score": "closed", "equals": True, "minimum": None},
    ("cut", "policy"): {"policy": "drop_last_segment"},
    ("cut", "amount"): {"amount": 0.25},
    **{(op, "model"): {"model": "base"} for op in ("segment", "cluster_segments", "label_segments", "drop_solutions")},
    ("drop_segments", "kinds"): {"kinds": ["plan"]},
    ("keep_quantile", "group"): {"group": "model"},
    ("join_sources", "sources"): {"sources": ["ada"]},
    ("mix", "ratios"): {"ratios": {"ada": 1, "bob": 2}},
    ("balance", "bins"): {"bins": 5},
    ("balance", "shares"): {"shares": "same", "total": 2},
    ("balance", "quotas"): {"quotas": {"ada": 1}},
    ("find_contamination", "benchmarks"): {"benchmarks": ["word_problems", "data/benchmark/word_problems.jsonl"]},
    ("select_k", "by"): {"by": "mmr", "score": "n_chars"},
    ("select_k", "score"): {"by": "mmr", "score": "sample"},
    ("select_k", "group"): {"by": "quota", "group": "model"},
    ("best_of_n", "scorer"): {"scorer": "steps", "by": "a-run"},
    ("budget", "budgets"): {"budgets": [7]},
    ("vote", "members"): {"members": [{"n": 3}]},
    ("pipeline", "stages"): {"stages": [{"name": "answer"}]},
    ("grpo", "reward"): {"reward": "accuracy + 0.2 * format"},
    ("grpo", "max_completion_lengths"): {"max_completion_lengths": [8, 16]},
    ("grpo", "budgets"): {"budgets": [64], "instruction": "{question} ({budget} tokens)"},
    ("grpo", "band"): {"band": 8},
    ("grpo", "switch_window"): {"switch_window": 20},
    ("grpo", "step_scorer"): {"step_scorer": "a-prm-run"},
    ("drop_duplicates", "keep"): {"keep": "shortest"},
    ("drop_duplicates", "score"): {"keep": "highest", "score": "n_chars"},
    ("ce_kl", "reference"): {"reference": "base"},
    ("rewrite", "target_tokens"): {"target_tokens": {"easy": 1, "medium": 2, "hard": 3}},
    ("rewrite", "budgets"): {"budgets": [7]},
    ("rewrite", "language"): {"language": "fr"},
    ("judge", "criteria"): {"criteria": {"clarity": "easy to follow"}},
    ("judge", "votes"): {"votes": 3, "temperature": 0.7},
    ("check_claims", "context"): {"context": ["passages"]},
    ("rewrite", "score"): {"score": "n_chars"},
    ("generate", "gold"): {"gold": "visible"},
    ("generate", "budgets"): {"budgets": [0.5]},
    ("generate", "first_prompt"): {"first_prompt": "{question}"},
}
CHANGED |= {
    (objective, name): values
    for objective in ("sft", "chunkwise", "sft_staged", "ce_kl")
    for name, values in {
        "sections": {"sections": ["answer"]},
        "kinds": {"kinds": ["plan"]},
        "budgets": {"budgets": [64], "instruction": "{question} {budget}"},
        "instructions": {"instructions": {"pot": "{question} Write a program."}},
        "weights": {"weights": {"cot": 0.5}},
    }.items()
}
MIX = {"mix_by": "model", "mix_start": {"ada": 1}, "mix_end": {"bob": 1}}
CHANGED |= {
    ("sft_staged", "mix_by"): MIX,
    ("sft_staged", "mix_start"): {**MIX, "mix_start": {"ada": 1, "bob": 1}},
    ("sft_staged", "mix_end"): {**MIX, "mix_end": {"ada": 1, "bob": 1}},
}
TEXTS = [
    "",
    "short",
    "First, 2 + 2 = 4.\n\nWait, let me check: 4. Yes.\n\nAlternatively, count.\n\nSo the answer is 4.",
    "# Ünïcode 日本語 \\(x^2\\)\n\n" + "again and again " * 40,
]


def families() -> Iterator[Family[Any]]:
    yield OPERATORS
    for module, attribute in (("training.objective", "OBJECTIVES"), ("training.strategy", "STRATEGIES")):
        if find_spec(module.split(".")[0]) and find_spec(module):
            yield vars(importlib.import_module(module))[attribute]


SPECS: list[type[Spec]] = [spec for family in families() for spec in family.members.values()]
OF = {spec: family for family in families() for spec in family.members.values()}
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title())
every_operator = pytest.mark.parametrize("spec", list(OPERATORS.members.values()), ids=lambda spec: spec.title())


@pytest.fixture
def samples() -> list[Trace]:
    """Traces that are empty, short, long, segmented, answered and open."""
    problem, unanswered = Problem("What is 2 + 2?", "4", "sums"), Problem("Why?")
    plain = [Trace(problem, text, "4" if text else "", "ada", closed=True) for text in TEXTS]
    plain += [Trace(unanswered, text, "", "bob", closed=False, extra='{"k":1}') for text in TEXTS]
    return [replace(trace, segments=SegmentReasoning().segments(trace) if trace.reasoning else ()) for trace in plain]


def example(spec: type[Spec], **values: Any) -> Any:
    return OF[spec].parse({spec.tag: spec.title(), **REQUIRED.get(spec.title(), {}), **values})


def fields(spec: type[Spec]) -> dict[str, Any]:
    return {name: field for name, field in spec.model_fields.items() if name != spec.tag}


def other_value(spec: Spec, name: str) -> dict[str, Any]:
    """A set of values that makes a valid spec with another value in this field."""
    if (spec.title(), name) in CHANGED:
        return CHANGED[spec.title(), name]
    value, field = spec.parameters()[name], type(spec).model_fields[name]
    kinds = [field.annotation, *get_args(field.annotation)]
    choices = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())
    if choices:
        return {name: next(choice for choice in choices if choice != value)}
    if isinstance(value, bool) or (value is None and bool in kinds):
        return {name: not value}
    if isinstance(value, int | float) or value is None:
        return {name: _near(spec, name, value)}
    return {name: [*value, "x"] if isinstance(value, list) else value + "x"}


def with_values(spec: Spec, values: dict) -> Spec:
    return build(type(spec), {**spec.parameters(), **values})


def _near(spec: Spec, name: str, value: float | None) -> float | int:
    from curation.errors import UserError

    for candidate in ((value or 0) + 1, (value or 0) - 1, (value or 1) / 2):
        try:
            return with_values(spec, {name: candidate}).parameters()[name]
        except UserError:
            continue
    raise AssertionError(f"no other value for {spec.title()}.{name}")


@every_spec
def test_a_spec_says_what_it_does(spec):
    first = spec.help()
    assert spec.__doc__ != type(spec).__base__.__doc__
    assert first[0].isupper()
    assert len(first) < 120


@every_spec
def test_every_field_is_described_in_a_short_phrase(spec):
    for name, field in fields(spec).items():
        text = field.description
        assert text, f"{spec.title()}.{name} has no description"
        assert len(text) < 70, f"{spec.title()}.{name}: {text}"
        assert not text.endswith("."), f"{spec.title()}.{name}: {text}"
        assert text[0].isupper() or not text[0].isalpha(), f"{spec.title()}.{name}: {text}"


@every_spec
def test_a_spec_goes_through_yaml_and_pickle_unchanged(spec):
    made = example(spec)
    assert OF[spec].parse(yaml.safe_load(yaml.safe_dump(made.dump()))) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert OF[spec].parse({spec.tag: spec.title(), **made.parameters()}).key() == made.key()


@every_spec
def test_every_field_changes_the_key(spec):
    made = example(spec)
    keys = {made.key()}
    for name in fields(spec):
        changed = with_values(made, other_value(made, name))
        assert changed != made
        keys.add(changed.key())
    assert len(keys) == 1 + len(fields(spec))


@every_spec
def test_flags_read_back_into_the_same_spec(spec):
    made = example(spec)
    parser = argparse.ArgumentParser()
    add_flags(parser, spec)
    given = []
    for name, value in made.parameters().items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            given.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, list) and any(isinstance(item, dict) or "," in str(item) for item in value):
            given += [flag, json.dumps(value)]
        elif isinstance(value, list):
            given += [flag, ",".join(map(str, value))]
        elif value is not None:
            given += [flag, str(value)]
    assert from_flags(spec, parser.parse_args(given)) == made


def rows_of(step: Operator, traces: list[Trace]) -> pa.Table:
    """What the engine hands to a step that looks at all rows: metadata, the scores it reads, sketches, vectors."""
    light = to_table(traces).drop_columns([name for name in TEXTS_OF_A_TRACE if name in SCHEMA.names])
    rows = light.add_column(0, "pos", pa.array(range(len(traces))))
    for name in {*METADATA, *step.needs()} - set(rows.column_names):
        rows = rows.append_column(name, pa.array([None] * len(traces), pa.float64()))
    if isinstance(step, CorpusAnnotator) and step.sketch_type is not None:
        sketched = sketch_batch(step, traces)
        assert sketched.column("failure").null_count == len(traces)
        rows = rows.append_column("sketch", sketched.column("sketch"))
    if step.needs_vectors:
        vectors = [[float(len(trace.reasoning)), 1.0] if trace.reasoning else None for trace in traces]
        rows = rows.append_column("vector", pa.array(vectors, VECTOR))
    return rows


@every_operator
def test_an_operator_runs_on_samples_the_same_each_time_and_changes_nothing(spec: type[Operator], samples):
    before, step = pickle.dumps(samples), example(spec)
    asker = asker_of(["{}"]) if step.asks() else None  # an answer that no step can use
    if isinstance(step, QueryAnnotator):
        assert "FROM rows" in step.query()
    elif isinstance(step, CorpusAnnotator):
        rows = rows_of(step, samples)
        conclude = partial(step.conclude_with, asker=asker) if asker else step.conclude
        found = conclude(rows)
        assert found == conclude(rows)
        assert set(found.column_names) == {"id", *step.adds()}
        assert sorted(found.column("id").to_pylist()) == sorted(trace.id for trace in samples)
    elif isinstance(step, Annotator):
        table = annotate_batch(step, samples, asker)
        assert table == annotate_batch(step, samples, asker)
        assert table.column("id").to_pylist() == [trace.id for trace in samples]
        assert table.column("failure").null_count == len(samples)
    elif isinstance(step, Mapper):
        mapped = map_batch(step, samples, asker)
        assert mapped == map_batch(step, samples, asker)
        assert "failed" not in mapped.verdicts.column("verdict").to_pylist()
    elif isinstance(step, TableSelector):
        rows = rows_of(step, samples)
        judged = step.judge(rows)
        assert judged == step.judge(rows)
        assert judged.column_names == ["id", "keep", "value", "reason", "threshold", "other"]
        assert sorted(judged.column("id").to_pylist()) == sorted(trace.id for trace in samples)
    elif isinstance(step, Selector):
        assert step.decide() == step.decide()
    assert pickle.dumps(samples) == before


@every_operator
def test_an_operator_is_of_one_kind_and_names_its_scores(spec: type[Operator]):
    step = example(spec)
    kinds = {"annotator": Annotator, "mapper": Mapper, "selector": Selector}
    assert isinstance(step, kinds[step.kind])
    assert all(step.needs())
    if isinstance(step, Annotator):
        assert set(step.adds().values()) <= {"number", "flag", "category"}
        assert step.adds() or step.adds_segments or step.adds_vectors
