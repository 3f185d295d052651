import json

from curation.runs import Request, Status, create
from training.studies.grid import expand
from training.studies.pace import seconds
from training.studies.study import Study

CELLS = expand(
    Study.parse(
        {
            "name": "s", "benchmark": "b", "set": "x", "seeds": [0], "limit": 10,
            "objective": {"objective": "sft", "max_train_tokens": 1000}, "grid": {"strategy.max_new_tokens": [1, 2]},
        }
    )
)  # fmt: skip


def finished(root, kind, took, **scores):
    run = create(root, Request(kind=kind, worker="training.worker", title="t"))
    (run.folder / "status.json").write_text(Status(state="done", started=0.5, ended=took + 0.5).model_dump_json())
    (run.out / "scores.json").write_text(json.dumps(scores))
    return run


def test_trainings_count_once_and_evaluations_each(tmp_path):
    runs = [finished(tmp_path, "train", 10, tokens=500), finished(tmp_path, "evaluate", 6, n=3)]
    assert seconds(CELLS, runs) == 1000 * 10 / 500 + 2 * 10 * 6 / 3


def test_the_median_of_earlier_runs_is_the_pace(tmp_path):
    runs = [finished(tmp_path, "evaluate", took, n=1) for took in (1, 2, 90)]
    alone = expand(Study.parse({"name": "s", "benchmark": "b", "seeds": [0]}))
    assert seconds(alone, runs) == 2


def test_nothing_is_said_before_there_is_a_pace(tmp_path):
    assert seconds(CELLS, []) is None
    assert seconds(CELLS, [finished(tmp_path, "evaluate", 6, n=3)]) is None
