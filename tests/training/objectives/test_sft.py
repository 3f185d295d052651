import pytest
import torch
from worlds import sum_trace

from training.objectives.sft import Sft

QUICK = {"max_train_tokens": None, "num_train_epochs": 1, "max_length": 250, "lr_scheduler_type": "linear"}


def parts(trace):
    """The text of a row in three parts: what is asked, the reasoning with its tags, the answer with its end."""
    return (
        f"<|u|>{trace.question}<|a|>",
        f"<think>\n{trace.reasoning}\n</think>\n",
        f"{trace.answer}<|e|>",
    )


def width(text):
    """Tokens of a text: every byte is one, and a special token is one."""
    for special in ("<|u|>", "<|a|>", "<|e|>"):
        text = text.replace(special, "*")
    return len(text.encode())


def masks(trace, sections):
    """One flag a token, laid out by hand; nothing foretells the first token."""
    flags = []
    for name, text in zip(("prompt", "reasoning", "answer"), parts(trace), strict=True):
        flags += [name in sections] * width(text)
    flags[0] = False
    return torch.tensor(flags, dtype=torch.float32)


@pytest.mark.parametrize(
    "sections",
    [
        ["answer"],
        ["prompt", "answer"],
        ["reasoning"],
        ["reasoning", "answer"],
        ["prompt", "reasoning"],
        ["prompt", "reasoning", "answer"],
    ],
    ids="+".join,
)
@pytest.mark.parametrize("packing", [False, True], ids=["padded", "packed"])
def test_the_loss_of_chosen_sections_is_their_mean_cross_entropy(task, losses, token_losses, sections, packing):
    traces = [sum_trace(1, 2), sum_trace(100, 200)]
    given = task(traces)
    setup = Sft(sections=sections, packing=packing, **QUICK).setup(given)
    expected = [token_losses(given.student.model, "".join(parts(trace))) for trace in traces]
    flags = [masks(trace, sections) for trace in traces]
    lost = sum((loss * flag).sum() for loss, flag in zip(expected, flags, strict=True))
    assert losses(setup)[0].item() == pytest.approx((lost / sum(map(torch.sum, flags))).item(), abs=1e-5)
