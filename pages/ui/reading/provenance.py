"""What is written down of a trace that a model wrote: which one, how it was asked, and what it cost."""

import json
import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from curation.trace import Trace
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline

LABELS = {
    "policy": "its part", "prompt": "prompt version", "prompt_version": "prompt version", "top_p": "top p",
    "finish_reason": "ended", "generated_tokens": "generated tokens", "prompt_tokens": "prompt tokens",
}  # fmt: skip
HEADLINE = ("model", "prompt_tokens", "generated_tokens", "cost")
HIDDEN = ("requests", "step")  # keys under which answers and results are kept


def written_by(extra: str) -> dict[str, dict[str, Any]]:
    """What each step that asked a model wrote down, by the step's name; nothing of other values."""
    try:
        values = json.loads(extra)
    except ValueError:
        return {}
    found = values if isinstance(values, dict) else {}
    return {name: said for name, said in found.items() if isinstance(said, dict) and "generated_tokens" in said}


def show(trace: Trace) -> None:
    """A line for each step that wrote the trace, to be opened; nothing for other traces."""
    for name, said in written_by(trace.extra).items():
        with st.expander(inline(headline(name, said)), icon=":material/smart_toy:"):
            st.html(trace_view.scores_line(facts(said)))


def headline(name: str, said: Mapping[str, Any]) -> str:
    """Who wrote it, and what that cost."""
    model = said.get("model") or "unknown model"
    tokens = f"{_count(said.get('prompt_tokens'))} prompt and {_count(said.get('generated_tokens'))} generated tokens"
    cost = said.get("cost")
    known = isinstance(cost, int | float) and cost >= 0
    return f"Written by {model} ({name}): {tokens}, {money(cost if known else None)}"


def money(cost: float | None) -> str:
    """A cost in words, with as many decimals as a small one needs; in the currency of the prices."""
    if cost is None:
        return "cost unknown"
    decimals = 2 if cost == 0 or cost >= 1 else min(9, 1 - math.floor(math.log10(cost)))
    return f"cost {cost:,.{decimals}f}"


def _count(value: Any) -> str:  # noqa: ANN401  (a value of a trace)
    return f"{value:,}" if isinstance(value, int) else "unknown"


def facts(said: Mapping[str, Any]) -> dict[str, Any]:
    """The other values that were written down, named as people would."""
    return {
        LABELS.get(name, name.replace("_", " ")): _plain(value)
        for name, value in said.items()
        if name not in (*HEADLINE, *HIDDEN)
    }


def _plain(value: Any) -> Any:  # noqa: ANN401  (a value of a trace)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
