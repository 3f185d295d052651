"""How a trace is written as text: the same for exports and for training."""

from curation.trace import Trace


def render_prompt(trace: Trace) -> str:
    """The question; trailing space is cut, since a prompt that ends in one is tokenised differently."""
    return trace.question.rstrip()


def render_completion(trace: Trace) -> str:
    """Reasoning in think tags, then the answer; without reasoning the answer alone."""
    if not trace.reasoning:
        return trace.answer
    return f"<think>\n{trace.reasoning}\n</think>\n{trace.answer}"
