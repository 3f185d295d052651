import json
import shutil
from dataclasses import replace
from functools import partial

import pytest
from worlds import sums

from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.runs import create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.objective import OBJECTIVES, Task
from training.objectives.grpo import Grpo
from training.student import resolve
from training.train import train

SHORT = "length(curve='linear')"  # a student of random weights can learn to end early, not to add
FAST = {"reward": SHORT, "max_completion_length": 32, "per_device_train_batch_size": 32, "learning_rate": 0.003}


@pytest.fixture
def make_task(student_folder, make_set, tmp_path):
    """A task of the tiny student on sums."""

    def make(traces=None, **changes):
        student = load(str(student_folder), dtype="float32")
        traces = sums(20) if traces is None else traces
        named = partial(resolve, runs=tmp_path / "runs")
        task = Task(student, make_set(traces), traces, tmp_path / "out" / "checkpoints" / "0", 0, named)
        return replace(task, **changes)

    return make


@pytest.fixture
def make_run(student_folder, make_set, tmp_path):
    """A grpo run of the tiny student on sums, not launched."""

    def make(**parameters):
        student = resolve(str(student_folder), tmp_path / "runs")
        return create(tmp_path / "runs", train_request(make_set(sums(20)), Grpo(**parameters), student, 0))

    return make


def log_probs(model, batch, temperature=1.0):
    import torch

    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1] / temperature
    found = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return found[:, -batch["completion_ids"].shape[1] :]


@pytest.mark.parametrize(
    ("loss_type", "weighed"), [("dapo", False), ("dapo", True), ("grpo", False), ("dr_grpo", False), ("bnpo", False)]
)
def test_the_loss_is_the_clipped_objective(make_task, loss_type, weighed):
    import torch

    settings = {"loss_type": loss_type, "epsilon_high": 0.28, "beta": 0.04, "use_bias_correction_kl": weighed}
    objective = Grpo(**FAST | {"max_completion_length": 64} | settings)
    trainer = objective.setup(make_task()).trainer
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1  # set where training begins
    rows = [trainer.train_dataset[number // 8] for number in range(32)]
    batch = trainer._generate_and_score_completions(rows)
    lengths = batch["completion_mask"].sum(-1).float()
    rewards = (1 - lengths / 64).view(4, 8)
    spread = rewards.std(dim=1, keepdim=True) + 1e-4
    advantages = ((rewards - rewards.mean(dim=1, keepdim=True)) / spread).view(-1, 1)
    assert torch.allclose(batch["advantages"], advantages[:, 0], atol=1e-5)
    assert rewards.std() > 0
    with torch.no_grad():
        old = reference = log_probs(trainer.model, batch)
        for weight in trainer.model.parameters():
            weight.add_(torch.randn_like(weight) * 0.03)
        new = log_probs(trainer.model, batch)
    batch["old_per_token_logps"] = old
    mask, ratio = batch["completion_mask"].float(), (new - old).exp()
    assert ((ratio < 0.8) & (mask > 0)).any()
    assert ((ratio > 1.28) & (mask > 0)).any()
    gain = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.28) * advantages)
    distance = (reference - new).exp() - (reference - new) - 1
    each = (0.04 * distance * (ratio if weighed else 1) - gain) * mask
    wanted = {
        "dapo": each.sum() / mask.sum(),
        "bnpo": each.sum() / mask.sum(),
        "grpo": (each.sum(-1) / mask.sum(-1)).mean(),
        "dr_grpo": each.sum() / (32 * 64),
    }[loss_type]
    with torch.no_grad():
        assert trainer._compute_loss(trainer.model, batch).item() == pytest.approx(wanted.item(), abs=1e-5)


def test_the_reward_rises(make_run):
    run = make_run(**FAST, steps=40)
    train(Job(run))
    rewards = [line["reward"] for line in run.metrics() if "reward" in line]
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.3
    last = run.metrics()[-1]
    assert last[f"rewards/{SHORT}/mean"] == last["reward"]
    assert {"reward_std", "frac_reward_zero_std", "completions/clipped_ratio"} <= set(last)
    scores = run.result("scores.json")
    wanted = {"problems": 20, "problems_fitting": 20, "answers_planned": 1280, "steps": 40}
    assert {name: scores[name] for name in wanted} == wanted
    assert scores["tokens"] > 0


def test_groups_whose_answers_are_all_worth_the_same_teach_nothing(make_run, student_folder):
    import torch

    run = make_run(**FAST | {"reward": "accuracy"}, steps=2)
    train(Job(run))
    assert [(line["frac_reward_zero_std"], line["grad_norm"]) for line in run.metrics()] == [(1.0, 0.0)] * 2
    before, after = load(str(student_folder)).model.state_dict(), load(str(run.out / "model")).model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_stages_lengthen_the_answers_and_never_pass_their_cap(make_run):
    run = make_run(**FAST, steps=2, max_completion_lengths=[8, 16, 32])
    train(Job(run))
    found = [(line["stage"], line["step"], line["completions/max_length"] <= cap) for line, cap in zip(
        run.metrics(), (8, 8, 16, 16, 32, 32), strict=True
    )]  # fmt: skip
    names = ["up to 8 tokens", "up to 16 tokens", "up to 32 tokens"]
    assert found == [(names[step // 2], step + 1, True) for step in range(6)]
    assert [stage["stage"] for stage in run.result("scores.json")["stages"]] == names


def test_a_stage_in_which_nothing_moves_any_more_ends_early(make_run):
    run = make_run(**FAST | {"reward": "accuracy", "max_completion_length": 2}, steps=30, switch_window=8)
    train(Job(run))
    scores = run.result("scores.json")
    assert 8 <= scores["steps"] == run.metrics()[-1]["step"] < 30
    assert run.status().state != "cancelled"


def test_a_stage_starts_from_the_weights_it_is_given_and_stays_near_them(make_task):
    import torch

    task = make_task(stage=1)
    with torch.no_grad():
        task.student.model.lm_head.weight.add_(1.0)
    given = {name: weight.clone() for name, weight in task.student.model.state_dict().items()}
    objective = Grpo(**FAST, max_completion_lengths=[8, 16], beta=0.1)
    trainer = objective.setup(task).trainer
    for model in (trainer.model, trainer.ref_model):
        assert all(torch.equal(weight, given[name]) for name, weight in model.state_dict().items())
    assert trainer.args.max_completion_length == 16


def test_a_resumed_run_ends_with_the_very_model_of_an_unbroken_one(make_run):
    import torch

    whole = make_run(**FAST, steps=6, save_steps=3, save_total_limit=0)
    train(Job(whole))
    broken = create(whole.folder.parent, whole.request)
    part = "checkpoints/0/checkpoint-3"
    shutil.copytree(whole.out / part, broken.out / part)
    train(Job(broken))
    first, second = (load(str(run.out / "model")).model.state_dict() for run in (whole, broken))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_lora_leaves_a_whole_model(make_run, student_folder):
    import torch

    run = make_run(**FAST, steps=3, lora=True, lora_r=4, beta=0.01)
    train(Job(run))
    before, after = load(str(student_folder)).model.state_dict(), load(str(run.out / "model")).model.state_dict()
    query = "model.layers.0.self_attn.q_proj.weight"
    assert before.keys() == after.keys()
    assert not torch.equal(before[query], after[query])


def test_prompts_are_read_as_they_are_rendered(make_task):
    task = make_task()
    trainer = Grpo(**FAST, prompt="thinking_free").setup(task).trainer
    text = trainer.train_dataset[0]["prompt"]
    assert text == "<|u|>What is 0 + 1?<|a|><think>\n\n</think>\n"
    ids, _, _ = trainer._tokenize_prompts([text])
    assert task.student.tokenizer.decode(ids[0]) == text


def test_every_problem_draws_a_budget_by_seed_and_is_asked_to_keep_it(make_task):
    objective = Grpo(**FAST, budgets=[4, 8], instruction="{question} Use {budget} tokens.")
    asked, _ = objective.chosen(make_task())
    assert [prompt.text for prompt in asked] == [
        f"<|u|>{prompt.problem.question} Use {prompt.budget} tokens.<|a|>" for prompt in asked
    ]
    assert {prompt.budget for prompt in asked} == {4, 8}
    assert objective.chosen(make_task())[0] == asked != objective.chosen(make_task(seed=1))[0]


def test_only_problems_with_a_reference_and_a_prompt_that_fits_are_asked_once(make_task):
    traces = [*sums(2), *sums(1), Trace(Problem("Why?"), "Because."), Trace(Problem("x" * 50, "1"), "")]
    asked, facts = Grpo(**FAST, max_length=30).chosen(make_task(traces))
    assert [prompt.problem.question for prompt in asked] == ["What is 0 + 1?", "What is 1 + 2?"]
    assert facts == {"rows": 5, "problems": 3, "problems_fitting": 2}


def test_problems_solved_never_or_always_are_left_out_and_none_is_sampled_twice(make_task):
    task = make_task()
    path = task.checkpoints.parent / "pass_rates.json"
    path.parent.mkdir(parents=True)
    counts = {trace.problem.id: number % 9 for number, trace in enumerate(task.traces)}
    path.write_text(json.dumps(counts))
    asked, facts = Grpo(**FAST, band=8).chosen(task)
    assert [counts[prompt.problem.id] for prompt in asked] == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1]
    assert facts["problems_in_band"] == 15
    assert facts["successes"] == {"0": 3, "1": 3, "2": 2, "3": 2, "4": 2, "5": 2, "6": 2, "7": 2, "8": 2}


def test_a_student_that_solves_nothing_leaves_no_problem_in_the_band(make_task):
    task = make_task()
    with pytest.raises(UserError, match="Of 20 problems none is solved in some and not all of 2 samples: {'0': 20}"):
        Grpo(**FAST | {"max_completion_length": 2}, band=2).setup(task)
    assert set(json.loads((task.checkpoints.parent / "pass_rates.json").read_text()).values()) == {0}


def test_a_run_that_would_leave_out_every_answer_is_refused(make_task):
    objective = Grpo(**FAST | {"max_completion_length": 1}, mask_truncated_completions=True)
    with pytest.raises(UserError, match="All of 16 sampled answers are cut off at 1 tokens"):
        objective.setup(make_task())


def test_a_set_without_reference_answers_is_refused(make_task):
    with pytest.raises(UserError, match="None of the 1 rows gives a problem to train on: 0 problems have a reference"):
        Grpo(**FAST).setup(make_task([Trace(Problem("Why?"), "Because.")]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reward": "acuracy"}, "grpo.reward: the reward 'acuracy' from character 1 on: 'acuracy' is no part"),
        ({"num_generations": 7}, "the answers of an update, 64, must be a multiple of num_generations"),
        ({"max_completion_lengths": [8, 8]}, "max_completion_lengths must grow"),
        ({"instruction": "Hello"}, "the instruction must hold {question}"),
        ({"budgets": [8]}, "budgets and {budget} in the instruction need each other"),
        ({"reward": "budget"}, "the reward part budget needs budgets"),
        ({"reward": "steps"}, "the reward part steps needs a step_scorer"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        OBJECTIVES.parse({"objective": "grpo", **values})
