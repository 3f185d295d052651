import pytest
import torch
from worlds import sum_trace

from curation.operators.chunk import Chunk
from curation.trace import Problem, Trace
from training.objectives.chunkwise import Chunkwise
from training.rows.data import IGNORED, pieces

QUICK = {"max_train_tokens": None, "num_train_epochs": 1, "max_length": 250}
WHOLE = Trace(Problem("3 + 4 + 1?", "8"), "First 3. Then 3 + 4 = 7. Last 7 + 1 = 8.", "It is 8.")


def chunks(trace, count=3):
    return Chunk(by="sentences", n_chunks=count).map(trace)


def trained_text(rows, tokenizer):
    return ["".join(p.text for p in pieces(tokenizer, row) if p.trained) for row in rows]


def test_each_chunk_is_trained_once_behind_the_chunks_before_it(task, tokenizer):
    rows = Chunkwise(**QUICK).rendered(task(chunks(WHOLE)))
    asked = "<|u|>3 + 4 + 1?<|a|><think>\n"
    assert [row.text for row in rows] == [
        asked + "First 3.",
        asked + "First 3. Then 3 + 4 = 7.",
        asked + "First 3. Then 3 + 4 = 7. Last 7 + 1 = 8.\n</think>\nIt is 8.<|e|>",
    ]
    assert trained_text(rows, tokenizer) == [
        "<think>\nFirst 3.",
        " Then 3 + 4 = 7.",
        " Last 7 + 1 = 8.\n</think>\nIt is 8.<|e|>",
    ]
    assert [row.chunk for row in rows] == [0, 1, 2]
    assert [row.defects for row in rows] == [(), (), ()]


def test_a_trace_that_was_not_cut_is_its_only_chunk(task, tokenizer):
    rows = Chunkwise(**QUICK).rendered(task([sum_trace(1, 2)]))
    assert trained_text(rows, tokenizer) == ["<think>\n1 + 2 = 3.\n</think>\nThe answer is 3.<|e|>"]


def test_the_gradient_is_that_of_a_loss_over_the_chunk_alone(task, tokenizer):
    given = task([chunks(WHOLE)[1]])
    trainer = Chunkwise(**QUICK).setup(given).trainer
    model = trainer.model.eval()
    batch = trainer.data_collator([{"rows": [0]}])
    trainer.current_gradient_accumulation_steps = 1
    trainer.compute_loss(model, batch).backward()
    found = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    before, chunk = "<|u|>3 + 4 + 1?<|a|><think>\nFirst 3.", " Then 3 + 4 = 7."
    ids = tokenizer(before + chunk, add_special_tokens=False, return_tensors="pt")["input_ids"]
    scores = model.model(ids).last_hidden_state @ model.lm_head.weight.T
    logs = scores[0, -len(chunk) - 1 : -1].log_softmax(-1)
    (-logs[torch.arange(len(chunk)), ids[0, -len(chunk) :]].mean()).backward()
    for name, weight in model.named_parameters():
        assert torch.allclose(found[name], weight.grad, atol=1e-6), name


def test_a_short_chunk_counts_as_much_as_a_long_one(task, losses, token_losses):
    short = chunks(Trace(Problem("3 + 4?", "7"), "Three. So it is surely seven.", "7"), 2)[0]
    long = chunks(Trace(Problem("1 + 4?", "5"), "One and four is five, no doubt about it. Yes.", "5"), 2)[0]
    given = task([short, long])
    setup = Chunkwise(**QUICK).setup(given)
    means = []
    for question, chunk in (("3 + 4?", "Three."), ("1 + 4?", "One and four is five, no doubt about it.")):
        lost = token_losses(given.student.model, f"<|u|>{question}<|a|><think>\n{chunk}")
        means.append(lost[-len(chunk) - len("\n") - len("<think>") :].mean())
    assert losses(setup)[0].item() == pytest.approx(torch.stack(means).mean().item(), abs=1e-5)


def test_chunks_of_one_index_share_a_batch_unless_asked_otherwise(task):
    traces = [chunk for n in range(8) for chunk in chunks(Trace(Problem(f"{n}?", "1"), "One. Two. Three.", "1"))]
    given = task(traces)
    for by, mixed in (("chunk", False), ("random", True)):
        objective = Chunkwise(batch_by=by, per_device_train_batch_size=5, batch_tokens=None, **QUICK)
        rows = objective.rendered(given)
        batches = objective.batches(rows, given)
        assert sorted(row for batch in batches for row in batch) == list(range(24))
        assert any(len({rows[row].chunk for row in batch}) > 1 for batch in batches) is mixed


def test_no_label_of_a_batch_lies_outside_its_chunk(task, tokenizer):
    given = task(chunks(WHOLE))
    trainer = Chunkwise(batch_by="random", **QUICK).setup(given).trainer
    labels = trainer.data_collator([{"rows": [1]}])["labels"][0]
    assert tokenizer.decode(labels[labels != IGNORED]) == " Then 3 + 4 = 7."
