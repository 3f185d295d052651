import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from curation.imports.mapping import parse_mapping
from curation.imports.run import import_files
from curation.table import from_table, parts, read_batches
from curation.trace import Problem, Segment, Trace
from training.losses.step_labels import Labelled, labelled

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
THREE = Trace(Problem("q"), "1 + 1 = 2\n2 + 2 = 5\n3 + 3 = 6")


def right(source="auto", **extra):
    found = labelled(replace(THREE, extra=json.dumps(extra)), source)
    return found and found.right


def test_steps_from_the_first_wrong_equation_on_are_wrong():
    assert labelled(THREE, "arithmetic") == Labelled(
        "q", ["1 + 1 = 2", "2 + 2 = 5", "3 + 3 = 6"], [True, False, False]
    )


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ({"label": 1}, [True, False, False]),
        ({"label": 0}, [False, False, False]),
        ({"label": -1}, [True, True, True]),
        ({"mistake_index": 2}, [True, True, False]),
        ({"model_output_solution_first_error_step": 3}, [True, True, False]),
        ({"model_output_solution_first_error_step": "N/A"}, [True, True, True]),
        ({"error_steps": [1, 3]}, [False, True, False]),
        ({"step_labels": [1, -1, 1]}, [True, False, True]),
        ({"ratings": [1, 0, -1]}, [True, False, False]),
    ],
)
def test_labels_of_the_source_row_are_read(extra, wanted):
    assert right("given", **extra) == wanted


@pytest.mark.parametrize(
    "extra", [{}, {"label": 7}, {"label": "good"}, {"error_steps": [9]}, {"step_labels": [1, 1]}, {"ratings": "abc"}]
)
def test_labels_that_do_not_fit_the_steps_are_none_at_all(extra):
    assert right("given", **extra) is None
    assert right("auto", **extra) == [True, False, False]


def test_a_text_without_equations_has_no_labels():
    assert labelled(Trace(Problem("q"), "Because.\nTherefore."), "arithmetic") is None


def test_segments_are_the_steps_where_there_are_any():
    segments = (Segment(0, 20, "attempt"), Segment(20, 29, "attempt"))
    assert labelled(replace(THREE, segments=segments)) == Labelled(
        "q", ["1 + 1 = 2\n2 + 2 = 5", "3 + 3 = 6"], [False, False]
    )


def imported(name, folder, mapping=None):
    if not DATA.is_dir():
        pytest.skip(f"the shared data folder {DATA} is absent")
    import_files([DATA / name], folder, parse_mapping(mapping) if mapping else None)
    return [trace for batch in read_batches(parts(folder)) for trace in from_table(batch)]


def test_every_labelled_row_of_processbench_keeps_its_first_error(tmp_path):
    name = "processbench_sample/processbench_gsm8k.json"
    found = [labelled(trace, "given") for trace in imported(name, tmp_path)]
    wanted = [(row["label"], len(row["steps"])) for row in json.loads((DATA / name).read_text())]
    assert [(one.right.index(False) if False in one.right else -1, len(one.steps)) for one in found] == wanted


def test_first_errors_of_mr_gsm8k_are_kept(tmp_path):
    name = "mr_gsm8k/GPT3_5_eval_results.json.gz"
    found = [labelled(trace, "given") for trace in imported(name, tmp_path)]
    rows = json.loads(gzip.decompress((DATA / name).read_bytes()))
    wanted = [row["model_output_solution_first_error_step"] for row in rows]
    assert [one.right.index(False) + 1 if False in one.right else "N/A" for one in found] == wanted


def test_every_wrong_step_of_prmbench_is_kept(tmp_path):
    name = "prmbench/missing_condition.jsonl.gz"
    traces = imported(name, tmp_path, "question=question,steps=modified_process")
    found = [labelled(trace, "given") for trace in traces]
    rows = [json.loads(line) for line in gzip.decompress((DATA / name).read_bytes()).splitlines()]
    kept = [(one, row) for one, row in zip(found, rows, strict=True) if one]
    assert len(kept) > 0.9 * len(rows)
    for one, row in kept:
        assert [place for place, label in enumerate(one.right, 1) if not label] == sorted(set(row["error_steps"]))
