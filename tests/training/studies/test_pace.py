import json

from curation.connection import BASE_FOLDER
from curation.runs import Request, create
from training.studies.grid import expand
from training.studies.pace import START, seconds
from training.studies.study import Study

CELLS = expand(
    Study.parse(
        {
            "name": "s", "benchmark": "b", "set": "x", "seeds": [0], "limit": 10,
            "objective": {"objective": "sft", "max_train_tokens": 1000}, "grid": {"strategy.max_new_tokens": [1, 2]},
        }
    )
)  # fmt: skip


def finished(root, kind, **scores):
    inputs = {"model": str(BASE_FOLDER)} if kind == "train" else {}
    spec = {"objective": "sft"} if kind == "train" else {}
    run = create(root, Request(kind=kind, worker="training.worker", title="t", inputs=inputs, spec=spec))
    (run.out / "scores.json").write_text(json.dumps(scores))
    return run


def test_trainings_count_once_and_evaluations_each(tmp_path):
    runs = [finished(tmp_path, "train", tokens=500, seconds=10.0), finished(tmp_path, "evaluate", n=3, seconds=6.0)]
    assert seconds(CELLS, runs) == (START + 1000 * 10 / 500) + 2 * (START + 10 * 6 / 3)


def test_the_median_of_earlier_runs_is_the_pace(tmp_path):
    runs = [finished(tmp_path, "evaluate", n=2, seconds=took) for took in (1.0, 2.0, 90.0)]
    alone = expand(Study.parse({"name": "s", "benchmark": "b", "seeds": [0]}))
    assert seconds(alone, runs) == START + 2


def test_nothing_is_said_before_there_is_a_pace(tmp_path):
    assert seconds(CELLS, []) is None
    assert seconds(CELLS, [finished(tmp_path, "evaluate", n=3, seconds=6.0)]) is None
