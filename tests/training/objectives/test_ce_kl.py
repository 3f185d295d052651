import gzip
import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from preference_worlds import disturb, task_of
from worlds import sums

from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.runs import PROJECT, create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.losses.divergence import divergence
from training.objectives.ce_kl import CeKl
from training.objectives.sft import Sft
from training.student import Student, resolve
from training.train import train


@pytest.fixture(scope="module")
def mentor_folder(student_folder, tmp_path_factory):
    """Another model with the student's tokenizer."""
    loaded, folder = load(str(student_folder)), tmp_path_factory.mktemp("models") / "mentor"
    disturb(loaded.model, scale=0.3)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def task(make_set, student_folder, tmp_path):
    return task_of(make_set(sums(4)), student_folder, tmp_path)


def loss_of(setup, batch=None):
    batch = setup.trainer.data_collator([{"rows": [0, 1, 2, 3]}]) if batch is None else batch
    return setup.trainer.compute_loss(setup.trainer.model, dict(batch))


def parts(student, mentor, batch):
    """Labels and both models' logits at the tokens that are trained, row by row."""
    labels = batch["labels"]
    found = [], [], []
    with torch.no_grad():
        for row in range(len(labels)):
            length = int(batch["attention_mask"][row].sum())
            ids = batch["input_ids"][row : row + 1, :length]
            first, second = (model(input_ids=ids).logits[0] for model in (student, mentor))
            for place in range(1, length):
                if labels[row, place] != -100:
                    found[0].append(labels[row, place])
                    found[1].append(first[place - 1])
                    found[2].append(second[place - 1])
    return tuple(map(torch.stack, found))


def test_the_loss_is_cross_entropy_and_kl_over_trained_tokens(task, mentor_folder):
    setup = CeKl(reference=str(mentor_folder), kd_weight=0.3, temperature=2.0).setup(task)
    batch = setup.trainer.data_collator([{"rows": [0, 1, 2, 3]}])
    labels, own, other = parts(task.student.model, load(str(mentor_folder)).model, batch)
    kl = F.kl_div((own / 2).log_softmax(-1), (other / 2).softmax(-1), reduction="batchmean")
    wanted = 0.7 * F.cross_entropy(own, labels) + 0.3 * kl
    assert loss_of(setup, batch).item() == pytest.approx(float(wanted), abs=1e-6)
    assert kl > 0.01


def test_padding_adds_nothing(task, mentor_folder):
    setup = CeKl(reference=str(mentor_folder)).setup(task)
    batch = setup.trainer.data_collator([{"rows": [0, 1]}])
    longer = {
        name: F.pad(batch[name], (0, 9), value={"labels": -100}.get(name, 0))
        for name in ("input_ids", "attention_mask", "labels")
    }
    assert loss_of(setup, longer).item() == pytest.approx(loss_of(setup, batch).item(), abs=1e-6)


def test_the_mentor_gets_no_gradient(task, mentor_folder):
    setup = CeKl(reference=str(mentor_folder), kd_weight=1.0).setup(task)
    loss_of(setup).backward()
    assert all(weight.grad is None for weight in setup.trainer.reference.parameters())
    assert all(weight.grad is not None for weight in setup.trainer.model.parameters())


def test_without_weight_it_is_fine_tuning_to_the_last_bit(task):
    losses = [loss_of(objective.setup(task)) for objective in (CeKl(kd_weight=0), Sft())]
    assert torch.equal(*losses)


def test_accumulated_batches_weigh_by_their_tokens_and_report_their_own_means(task, mentor_folder):
    setup = CeKl(reference=str(mentor_folder)).setup(task)
    collate, compute = setup.trainer.data_collator, setup.trainer.compute_loss
    setup.trainer.model.train()
    whole = collate([{"rows": [0, 1, 2, 3]}])
    count = (whole["labels"] != -100).sum()
    wanted = loss_of(setup, whole).item()
    parts = [collate([{"rows": rows}]) for rows in ([0], [1, 2, 3])]
    found = [compute(setup.trainer.model, dict(part), num_items_in_batch=count).item() for part in parts]
    alone = [loss_of(setup, part).item() for part in parts]
    assert sum(found) == pytest.approx(wanted, abs=1e-5)
    logged = setup.trainer._metrics["train"]
    told = [0.7 * ce + 0.3 * kl for ce, kl in zip(logged["ce"], logged["kl"], strict=True)]
    assert told == pytest.approx([wanted, *alone, *alone], abs=1e-5)


def test_with_adapters_only_these_are_trained_towards_the_mentor(task, mentor_folder):
    plain, adapted = (CeKl(reference=str(mentor_folder), lora=flag, lora_r=4).setup(task) for flag in (False, True))
    wanted = loss_of(plain).item()
    loss = loss_of(adapted)
    loss.backward()
    assert loss.item() == pytest.approx(wanted, abs=1e-6)
    trained = [name for name, weight in adapted.trainer.model.named_parameters() if weight.grad is not None]
    assert trained
    assert all("lora_" in name for name in trained)


LOGITS = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_divergences_are_their_definitions(temperature):
    q, p = ((logits / temperature).softmax(-1) for logits in LOGITS)
    m, s = 0.25 * p + 0.75 * q, 0.1 * p + 0.9 * q

    def kl(one, other):
        return (one * (one / other).log()).sum() / 5

    wanted = {
        "fkl": kl(p, q), "rkl": kl(q, p), "jsd": 0.25 * kl(p, m) + 0.75 * kl(q, m), "skl": kl(p, s),
        "tvd": (p - q).abs().sum() / 2 / 5,
    }  # fmt: skip
    count = torch.tensor(5)
    found = {
        kind: divergence(kind, *LOGITS, beta=0.25, skew=0.1, temperature=temperature, count=count) for kind in wanted
    }
    assert {kind: float(value) for kind, value in found.items()} == pytest.approx(
        {kind: float(value) for kind, value in wanted.items()}, abs=1e-6
    )


def test_the_divergence_can_be_scaled_by_the_temperature_squared(task, mentor_folder):
    plain, scaled = (
        CeKl(reference=str(mentor_folder), kd_weight=1.0, temperature=3.0, scale_tau2=flag).setup(task)
        for flag in (False, True)
    )
    assert loss_of(scaled).item() == pytest.approx(9 * loss_of(plain).item(), rel=1e-5)


def test_a_student_asked_the_same_is_no_distance_from_itself(task):
    setup = CeKl(reference_prompt="{question}", kd_weight=1.0).setup(task)
    assert loss_of(setup).item() == pytest.approx(0, abs=1e-6)


def test_prompts_of_other_length_are_compared_token_by_token(task):
    instruction = "The answer to the question below is {reference}. {question}"
    setup = CeKl(reference_prompt=instruction, kd_weight=1.0).setup(task)
    model, tokenizer = task.student
    total, count = 0.0, 0
    for trace in task.traces:
        completion = tokenizer.encode(
            f"<think>\n{trace.reasoning}\n</think>\n{trace.answer}<|e|>", add_special_tokens=False
        )
        rows = []
        for text in (
            trace.question,
            f"The answer to the question below is {trace.problem.reference}. {trace.question}",
        ):
            prompt = tokenizer.encode(f"<|u|>{text}<|a|>", add_special_tokens=False)
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompt + completion])).logits[0]
            rows.append(logits[len(prompt) - 1 : -1])
        total += F.kl_div(rows[0].log_softmax(-1), rows[1].softmax(-1), reduction="sum")
        count += len(completion)
    assert loss_of(setup).item() == pytest.approx(float(total / count), abs=1e-6)


def test_the_student_learns_nothing_through_its_own_reference(task):
    setup = CeKl(reference_prompt="{reference} {question}", kd_weight=1.0).setup(task)
    loss_of(setup).backward()
    found = [weight.grad.clone() for weight in task.student.model.parameters()]
    task.student.model.zero_grad()
    fixed = replace(task, named=lambda name: Student(name, str(task.student.model.name_or_path)))
    other = CeKl(reference="a copy", reference_prompt="{reference} {question}", kd_weight=1.0).setup(fixed)
    loss_of(other).backward()
    wanted = [weight.grad for weight in other.trainer.model.parameters()]
    assert all(torch.allclose(one, two, atol=1e-6) for one, two in zip(found, wanted, strict=True))


def test_a_slot_may_be_a_field_of_the_row(make_set, student_folder, tmp_path):
    traces = [replace(trace, extra=json.dumps({"question_en": "In English?", "question": "x"})) for trace in sums(2)]
    task = task_of(make_set(traces), student_folder, tmp_path)
    collator = CeKl(reference_prompt="{question_en}").setup(task).trainer.data_collator
    row = collator([{"rows": [0]}])["other_input_ids"][0]
    assert task.student.tokenizer.decode(row).startswith("<|u|>In English?<|a|><think>")


def test_a_slot_no_row_fills_is_named_with_those_there_are(task):
    with pytest.raises(UserError, match=r"asks for \{question_en\}, which trace \w+ has not; it has: question, refer"):
        CeKl(reference_prompt="{question_en}").setup(task)


def test_a_reference_of_another_vocabulary_is_refused_with_both_sizes(task):
    with pytest.raises(
        UserError, match=r"The reference 'base' has a vocabulary of 670 tokens, .* student one of 260;"
    ):
        CeKl(reference="base").setup(task)


def test_nothing_to_learn_from_is_said(task):
    with pytest.raises(UserError, match="name a student in 'reference', or give a 'reference_prompt'"):
        CeKl().setup(task)


def test_a_prompt_too_long_for_the_reference_is_refused(task):
    with pytest.raises(UserError, match=r"longest row has [\d,]+ tokens and the reference reads 256"):
        CeKl(reference_prompt="a long story " * 30 + "{question}").setup(task)


@pytest.mark.slow
def test_a_new_student_comes_closer_to_the_shipped_one_on_the_samples(make_set, tmp_path):
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = load(str(PROJECT / "data" / "base_student")).tokenizer
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "new")
    tokenizer.save_pretrained(tmp_path / "new")
    with gzip.open(PROJECT / "data" / "samples" / "concise_traces.jsonl.gz", "rt") as file:
        rows = [json.loads(next(file)) for _ in range(30)]
    curated = make_set([Trace(Problem(row["question"], row["answer"]), "", row["generation"]) for row in rows])
    objective = CeKl(reference="base", kd_weight=0.5, max_train_tokens=15_000, batch_tokens=1000, learning_rate=1e-2)
    request = train_request(curated, objective, resolve(str(tmp_path / "new"), tmp_path))
    run = create(tmp_path / "runs", request)
    train(Job(run))
    kl = [line["kl"] for line in run.metrics()]
    assert kl[-1] < 0.6 * kl[0]
