"""Losses as a trainer computes them, and as an independent formula does."""

import pytest
import torch
from worlds import sums

from curation.backends.transformers_model import load
from training.objective import Task


@pytest.fixture
def task(make_set, student_folder, tmp_path):
    """A task over these traces with the tiny student."""

    def make(traces=None, **options):
        traces = sums(4) if traces is None else traces
        loaded = load(str(student_folder), dtype="float32")
        return Task(loaded, make_set(traces), traces, tmp_path / "checkpoints", 0, lambda name: None, **options)

    return make


@pytest.fixture
def losses():
    """The loss of each of a setup's batches, as its trainer computes it."""

    def compute(setup):
        trainer = setup.trainer
        trainer.model.eval()
        found = []
        for row in trainer.train_dataset:
            batch = trainer.data_collator([row])
            items = trainer._get_num_items_in_batch([batch], "cpu")
            trainer.current_gradient_accumulation_steps = 1
            found.append(trainer.compute_loss(trainer.model, batch, num_items_in_batch=items))
        return found

    return compute


@pytest.fixture
def token_losses(tokenizer):
    """-log p of every character-like token of a text, by a plain forward pass over that text alone."""

    def compute(model, text):
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        scores = model.model(ids).last_hidden_state @ model.lm_head.weight.T
        logs = scores[0, :-1].log_softmax(-1)
        return torch.cat([torch.zeros(1), -logs[torch.arange(ids.shape[1] - 1), ids[0, 1:]]])

    return compute
