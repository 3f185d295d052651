"""What stands before the question while a student still gets help: knowledge in fewer and fewer words, and shots."""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from curation.encoders import Encoder
from curation.errors import UserError
from curation.texts.importance import keep_words
from curation.trace import Trace

BLOCK = 512  # questions compared with all others at once


def contexts(traces: Sequence[Trace], key: str) -> dict[str, str]:
    """The text each trace keeps under a key of its extra values, by the trace's id."""
    extras = {trace.id: json.loads(trace.extra) for trace in traces}
    found = {name: _text(extra[key]) for name, extra in extras.items() if extra.get(key)}
    if not found:
        known = sorted({name for extra in extras.values() for name in extra})
        raise UserError(
            f"No trace has a text under '{key}' in its extra values; the set's keys: {', '.join(known) or 'none'}. "
            "Name one of them, or leave context empty."
        )
    return found


def nearest(traces: Sequence[Trace], count: int, encoder: Encoder) -> dict[str, list[Trace]]:
    """For each problem, by its id, the first traces of the most similar other problems, the nearest first."""
    first: dict[str, Trace] = {}
    for trace in traces:
        first.setdefault(trace.problem.id, trace)
    shown = list(first.values())
    vectors = encoder.encode([trace.question for trace in shown])
    found = {}
    for start in range(0, len(shown), BLOCK):
        alike = vectors[start : start + BLOCK] @ vectors.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -np.inf  # never itself
        for place, row in enumerate(alike, start):
            order = np.argsort(-row, kind="stable")[: min(count, len(shown) - 1)]
            found[shown[place].problem.id] = [shown[other] for other in order]
    return found


def before_question(trace: Trace, knowledge: Mapping[str, str], rate: float, shown: Sequence[Trace]) -> str:
    """What is put before a trace's question; nothing at rate 0 without shots."""
    kept = keep_words(knowledge.get(trace.id, ""), rate).strip()
    examples = [f"{shot.question.strip()}\n{shot.reasoning}\n{shot.answer}".strip() for shot in shown]
    return "\n\n".join(filter(None, [kept, *examples]))


def _text(value: object) -> str:
    return "\n".join(map(_text, value)) if isinstance(value, list) else str(value)
