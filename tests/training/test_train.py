import json
import os
import shutil
import signal

import pytest
from worlds import ended, sum_trace, sums, wait

from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.runs import create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.objective import OBJECTIVES
from training.objectives.sft import Sft
from training.running import checkpoints
from training.student import resolve
from training.train import train

LONG = {"max_train_tokens": 24_000, "batch_tokens": 400, "save_steps": 10}  # about 75 steps


def steps(run):
    return [line["step"] for line in run.metrics() if "step" in line]


def sealed(run):
    return sorted(run.out.glob("checkpoints/0/checkpoint-*/complete.json"))


def test_a_killed_run_goes_on_from_its_last_checkpoint(make_train_run):
    run = make_train_run(**LONG)
    run.launch()
    wait(lambda: sealed(run))
    os.kill(run.status().pid, signal.SIGKILL)
    wait(lambda: run.status().state == "lost")
    last = max(checkpoints.step(path.parent) for path in sealed(run))
    run.launch()
    assert ended(run).state == "done"
    found = steps(run)
    assert found == sorted(set(found))  # no step is reported twice, none starts again at one
    assert run.result("scores.json")["steps"] == found[-1]
    assert found[-1] > last >= 10
    assert load(str(run.out / "model")).model.config.use_cache


def test_a_cancelled_run_keeps_its_step_and_can_be_resumed(make_train_run):
    run = make_train_run(**LONG | {"save_steps": 1000})
    run.launch()
    wait(lambda: len(steps(run)) > 2)
    run.cancel()
    assert ended(run).state == "cancelled"
    at = checkpoints.step(checkpoints.last(run.out / "checkpoints" / "0"))
    assert at > 2
    run.launch()
    assert ended(run).state == "done"
    assert min(step for step in steps(run) if step > at) <= at + 2


def test_a_resumed_run_ends_with_the_very_model_of_an_unbroken_one(make_train_run):
    import torch

    whole = make_train_run(max_train_tokens=4_000, batch_tokens=200, save_steps=4, save_total_limit=0)
    train(Job(whole))
    broken = create(whole.folder.parent, whole.request)
    shutil.copytree(
        whole.out / "checkpoints" / "0" / "checkpoint-4", broken.out / "checkpoints" / "0" / "checkpoint-4"
    )
    train(Job(broken))
    first, second = (load(str(run.out / "model")).model.state_dict() for run in (whole, broken))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_scores_say_what_was_trained_on(make_train_run, tmp_path):
    run = make_train_run(max_train_tokens=2_000, seed=3)
    train(Job(run))
    scores = run.result("scores.json")
    assert scores["set"] == "sums"
    assert scores["objective"] == {"objective": "sft", "max_train_tokens": 2_000}
    assert (scores["student"], scores["seed"], scores["rows"], scores["rows_trained"]) == ("tiny", 3, 20, 20)
    assert scores["learning_rate"] == 2e-3
    assert 2_000 <= scores["tokens"] == scores["tokens_planned"] < 2_200
    assert set(resolve(run.id, tmp_path / "runs").problems()) == {trace.problem.id for trace in sums(20)}


def test_a_student_of_a_student_remembers_both_sets(make_train_run, make_set, tmp_path):
    first = make_train_run(max_train_tokens=500)
    train(Job(first))
    other = make_set([sum_trace(70, 71)], "other")
    second = create(
        tmp_path / "runs",
        train_request(other, Sft(max_train_tokens=200), resolve(first.id, tmp_path / "runs")),
    )
    train(Job(second))
    assert len(resolve(second.id, tmp_path / "runs").problems()) == 21


def test_lora_leaves_a_whole_model(make_train_run, student_folder):
    import torch

    run = make_train_run(max_train_tokens=1_000, lora=True, lora_r=4)
    train(Job(run))
    before, after = load(str(student_folder)).model.state_dict(), load(str(run.out / "model")).model.state_dict()
    assert before.keys() == after.keys()
    query = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(before[query], after[query])
    assert torch.equal(before["model.embed_tokens.weight"], after["model.embed_tokens.weight"])


def test_rows_with_defects_are_left_out_when_asked(make_train_run):
    broken = Trace(Problem("q", "1"), "", "<think> without end")
    run = make_train_run([sum_trace(1, 2), broken], max_train_tokens=200, defective_rows="drop")
    train(Job(run))
    scores = run.result("scores.json")
    assert (scores["rows"], scores["rows_trained"], scores["defects"]) == (2, 1, {"orphan_think": 1})


def test_a_diverging_run_says_so(make_train_run):
    run = make_train_run(max_train_tokens=20_000, learning_rate=1.0, lr_scheduler_type="constant_with_warmup")
    path = run.folder / "run.json"
    request = json.loads(path.read_text())
    request["inputs"]["model"] = str(infinite(run.folder, request["inputs"]["model"]))
    path.write_text(json.dumps(request))
    with pytest.raises(UserError, match=r"Training diverged: at step 1 .*Lower learning_rate or raise warmup_steps"):
        train(Job(run))


def infinite(folder, model):
    """A copy of the student whose output is not a number."""
    loaded = load(model)
    loaded.model.model.norm.weight.data.fill_(float("nan"))
    loaded.model.save_pretrained(folder / "nan")
    loaded.tokenizer.save_pretrained(folder / "nan")
    return folder / "nan"


def test_a_set_whose_prompts_fill_the_row_is_refused(make_train_run):
    run = make_train_run(max_length=4)
    with pytest.raises(UserError, match="None of the 20 rows has a trained token"):
        train(Job(run))


def test_an_empty_set_is_refused_before_launch(make_train_run):
    with pytest.raises(UserError, match="The curated set 'sums' has no rows"):
        make_train_run(traces=[])


def test_a_half_written_checkpoint_is_passed_over_and_removed(tmp_path):
    for step in (9, 10, 11):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"12345")
        if step < 11:
            checkpoints.seal(folder)
    (tmp_path / "checkpoint-10" / "model.safetensors").write_bytes(b"123")
    assert checkpoints.last(tmp_path) == tmp_path / "checkpoint-9"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-9"]


def test_no_checkpoint_is_none(tmp_path):
    assert checkpoints.last(tmp_path / "nowhere") is None


def test_every_objective_dumps_and_parses_to_itself():
    for name, objective in OBJECTIVES.members.items():
        made = objective()
        assert OBJECTIVES.parse(made.dump()) == made
        assert objective.title() == name


def test_the_learning_rate_follows_the_size_unless_given():
    assert [Sft().rate(1_000_000), Sft().rate(500_000_000), Sft(lora=True).rate(500_000_000)] == [2e-3, 2e-5, 2e-4]
    assert Sft(learning_rate=1e-4).rate(1_000_000) == 1e-4


def test_warm_up_is_a_share_or_a_number_of_steps():
    assert [Sft().warm_up(1), Sft().warm_up(100), Sft(warmup_steps=7).warm_up(100)] == [0, 5, 7]
