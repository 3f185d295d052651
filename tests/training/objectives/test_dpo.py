import gzip
import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from preference_worlds import disturb, judged_sums, log_probs, task_of

from curation.application.report import StepReport
from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.runs import PROJECT, create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.objectives.dpo import Dpo
from training.student import resolve
from training.train import train

RIGHT = {"right": "given_correct"}
BATCH = [{"rows": [0, 1, 2]}]


@pytest.fixture
def task(make_set, student_folder, tmp_path):
    return task_of(make_set(judged_sums(3)), student_folder, tmp_path)


def ready(task, **parameters):
    """A trainer whose student has moved away from its reference."""
    setup = Dpo(**RIGHT, beta=0.5, **parameters).setup(task)
    disturb(setup.trainer.model)
    return setup.trainer


def loss_of(trainer):
    with torch.no_grad():
        return trainer.compute_loss(trainer.model, trainer.data_collator(BATCH)).item()


def margins_and_nll(trainer, student_folder):
    """Beta times the log-ratio of each pair, and the mean over all chosen tokens, row by row."""
    first = load(str(student_folder), dtype="float32").model
    margins, chosen = [], []
    for pair in trainer.data_collator.pairs:
        ratios = [
            (log_probs(trainer.model, pair.prompt, side) - log_probs(first, pair.prompt, side)).sum()
            for side in (pair.chosen, pair.rejected)
        ]
        margins.append(0.5 * (ratios[0] - ratios[1]))
        chosen.append(log_probs(trainer.model, pair.prompt, pair.chosen))
    return torch.stack(margins), -torch.cat(chosen).mean()


def test_the_plain_loss_is_the_papers(task, student_folder):
    trainer = ready(task)
    margins, _ = margins_and_nll(trainer, student_folder)
    assert margins.abs().min() > 0.01
    assert loss_of(trainer) == pytest.approx(-F.logsigmoid(margins).mean().item(), abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_the_conservative_loss_takes_a_share_of_pairs_the_other_way_round(task, student_folder, smoothing):
    trainer = ready(task, loss_type="conservative", label_smoothing=smoothing)
    margins, _ = margins_and_nll(trainer, student_folder)
    wanted = -(1 - smoothing) * F.logsigmoid(margins) - smoothing * F.logsigmoid(-margins)
    assert loss_of(trainer) == pytest.approx(wanted.mean().item(), abs=1e-5)


def test_fine_tuning_is_added_with_its_weight(task, student_folder):
    trainer = ready(task, sft_weight=0.3)
    margins, nll = margins_and_nll(trainer, student_folder)
    assert loss_of(trainer) == pytest.approx((-F.logsigmoid(margins).mean() + 0.3 * nll).item(), abs=1e-5)


def test_a_masked_prefix_changes_the_fine_tuning_and_not_the_margin(make_set, student_folder, tmp_path):
    traces = [replace(trace, id="", reasoning="Let us add. " + trace.reasoning) for trace in judged_sums(3)]
    task = task_of(make_set(traces), student_folder, tmp_path)
    whole, masked = ready(task), ready(task_of(task.curated, student_folder, tmp_path), mask_shared_prefix=True)
    first, second = (margins_and_nll(trainer, student_folder) for trainer in (whole, masked))
    torch.testing.assert_close(first[0], second[0], atol=1e-5, rtol=0)
    assert loss_of(masked) == pytest.approx(loss_of(whole), abs=1e-5)
    assert abs(first[1] - second[1]) > 0.01
    joint = ready(
        task_of(task.curated, student_folder, tmp_path), mask_shared_prefix=True, loss_type="conservative",
        label_smoothing=0.2, sft_weight=1.0,
    )  # fmt: skip
    wanted = -0.8 * F.logsigmoid(second[0]) - 0.2 * F.logsigmoid(-second[0])
    assert loss_of(joint) == pytest.approx((wanted.mean() + second[1]).item(), abs=1e-5)


def test_with_adapters_the_bare_student_is_the_reference(task):
    trainer = Dpo(**RIGHT, lora=True, lora_r=4).setup(task).trainer
    assert trainer.ref_model is None
    assert loss_of(trainer) == pytest.approx(-F.logsigmoid(torch.tensor(0.0)).item(), abs=1e-6)


def test_the_question_is_asked_with_the_instruction(task):
    trainer = Dpo(**RIGHT, instruction="{question} Think first.").setup(task).trainer
    prompt = task.student.tokenizer.decode(trainer.data_collator.pairs[0].prompt)
    assert prompt == "<|u|>What is 0 + 1? Think first.<|a|>"


def test_the_rate_suits_preferences():
    assert [Dpo().rate(10**6), Dpo().rate(10**9), Dpo(lora=True).rate(10**9)] == [1e-4, 1e-6, 1e-5]
    assert Dpo(learning_rate=3e-6).rate(10**6) == 3e-6


def test_facts_count_pairs_and_tokens(task):
    facts = Dpo(**RIGHT, num_train_epochs=2).setup(task).facts
    assert (facts["rows"], facts["pairs"], facts["pairs_cut_alike"], facts["rows_seen"]) == (6, 3, 0, 6)


def test_a_set_without_wrong_traces_names_the_step_to_leave_out(make_set, student_folder, tmp_path):
    curated = make_set([trace for trace in judged_sums(4) if trace.given_correct])
    step = StepReport(
        step=1, op="keep_where", kind="selector", spec={"op": "keep_where", "score": "given_correct", "equals": True},
        rows_in=8, rows=4, problems=4, chars=1, tokens=None,
    )  # fmt: skip
    curated.manifest = curated.manifest.model_copy(update={"steps": [step], "recipe": "verified"})
    with pytest.raises(
        UserError,
        match=r"4 right and 0 wrong traces .* to keep wrong traces too, leave out "
        r"the step 2 \(keep_where\) of recipe 'verified'",
    ):
        Dpo(**RIGHT).setup(task_of(curated, student_folder, tmp_path))


def test_a_flag_the_set_has_not_is_named(task):
    with pytest.raises(UserError, match="Unknown flag of right traces in this set 'correct'; known: closed, given_c"):
        Dpo().setup(task)


def test_rows_cut_before_they_differ_are_refused(task):
    with pytest.raises(UserError, match="Cut at max_length 8 none of the 3 pairs differs; raise max_length"):
        Dpo(**RIGHT, max_length=8).setup(task)


@pytest.mark.slow
def test_the_shipped_student_learns_to_prefer_the_concise_samples(make_set, tmp_path):
    traces = []
    for name in ("concise_traces", "teacher_traces"):
        with gzip.open(PROJECT / "data" / "samples" / f"{name}.jsonl.gz", "rt") as file:
            rows = [json.loads(next(file)) for _ in range(16)]
        traces += [Trace(Problem(row["question"]), "", row["generation"], given_correct=True) for row in rows]
    objective = Dpo(**RIGHT, against="longer", max_length=300, sft_weight=0.3, batch_tokens=1200)
    run = create(tmp_path / "runs", train_request(make_set(traces), objective, resolve("base", tmp_path)))
    train(Job(run))
    margins = [line["rewards/margins"] for line in run.metrics()]
    assert margins[-1] > margins[0] + 0.1
    assert run.metrics()[-1]["rewards/accuracies"] == 1.0
    scores = run.result("scores.json")
    assert scores["tokens"] == scores["tokens_planned"]
