"""Tasks of the tiny student, right and wrong sums, and log-probabilities worked out by hand."""

from dataclasses import replace
from functools import partial

import torch
from worlds import sum_trace

from curation.backends.transformers_model import load
from training.objective import Task
from training.student import resolve


def task_of(curated, student, folder, **changes):
    """A task of the student in that folder on the whole set; results lie under `folder`."""
    checkpoints = folder / "out" / "checkpoints" / "0"
    named = partial(resolve, runs=folder)
    made = Task(load(str(student), dtype="float32"), curated, list(curated.traces()), checkpoints, 0, named)
    return replace(made, **changes)


def judged_sums(count, slip=1):
    """For each sum a right trace and one that is off by `slip`."""
    traces = []
    for number in range(count):
        good = sum_trace(number, number + 1)
        wrong = f"The answer is {2 * number + 1 + slip}."
        bad = replace(good, id="", reasoning=f"{number} + {number + 1} is hard to say.", answer=wrong)
        traces += [replace(good, given_correct=True), replace(bad, given_correct=False)]
    return traces


def disturb(model, seed=1, scale=0.05):
    """Move the weights a little, as training would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(scale * torch.randn(weight.shape, generator=generator))


def log_probs(model, prompt, completion):
    """The log-probability of every token of a completion, without padding and one row at a time."""
    ids = torch.tensor([prompt + completion])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].double()
    places = range(len(prompt) - 1, len(prompt) + len(completion) - 1)
    return torch.stack([logits[place].log_softmax(-1)[ids[0, place + 1]] for place in places])
