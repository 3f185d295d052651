"""A numeric score held against what people said: the share they call right at each score, and what it is worth."""

from collections.abc import Sequence

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from curation.comparing.agreement import Ranks
from curation.comparing.standing import LENGTH, Standing, Step, standing
from curation.intervals import Interval
from curation.operator import METADATA
from curation.workspace import Workspace
from pages.ui.exploring.charts import LIMIT, MAIN, layout
from pages.ui.reading.maths import inline


def show(work: Workspace, judged: pa.Table) -> None:
    """Choose a score; nothing where the workspace has none."""
    names = [name for name, kind in work.store.columns().items() if kind == "number" and name not in METADATA]
    if not names:
        return
    name = st.selectbox("A score held against the same people", names, None, key="standing", placeholder="Choose")
    if name is None:
        return
    found = standing(judged, name)
    if not found.steps:
        st.caption(inline(f"No trace that people judged has a {name}."))
        return
    st.plotly_chart(figure(found), key="standing-chart", config={"displayModeBar": False},
                    alt=f"Share of traces people call right by {name}, with 95 % intervals")  # fmt: skip
    for sentence in sentences(found):
        st.caption(inline(sentence))


def figure(found: Standing) -> go.Figure:
    """A dot with its 95 % interval for each score or range of scores, and the threshold that agrees best."""
    drawn = go.Figure()
    ends = [one.interval or Interval(one.right, one.right) for one in found.steps]
    drawn.add_scatter(
        x=[(one.low + one.high) / 2 for one in found.steps], y=[one.right for one in found.steps], mode="markers",
        marker={"color": MAIN, "size": 10}, text=_labels(found.steps),
        hovertemplate="%{text}: %{y:.1%}<extra></extra>",
        error_y={"type": "data", "symmetric": False, "thickness": 1.6, "width": 5, "color": MAIN,
                 "array": [end.high - one.right for one, end in zip(found.steps, ends, strict=True)],
                 "arrayminus": [one.right - end.low for one, end in zip(found.steps, ends, strict=True)]},
    )  # fmt: skip
    if found.threshold:
        drawn.add_vline(x=found.threshold.value, line={"color": LIMIT, "width": 1.6, "dash": "dot"})
    layout(drawn, 260, found.name, "Share people call right")
    drawn.update_yaxes(tickformat=".0%", range=[0, 1.01])
    return drawn


def sentences(found: Standing) -> list[str]:
    """What the score is worth, in words."""
    said = [f"{found.name} and people: rank correlation {_ranks(found.ranks)}; {found.n:,} judged traces"]
    if found.threshold and found.held_out.agreed is not None and found.held_out.kappa is not None:
        said.append(
            f"From {found.threshold.value:g} on calls right: on traces it was not chosen on such a threshold agrees "
            f"with {found.held_out.agreed:.0%}, kappa {found.held_out.kappa:.2f}{_ends(found.held_out.kappa_interval)}"
        )
    else:
        said.append("Which threshold agrees best is unknown: judge more traces, right ones and wrong ones")
    if found.length.rows.rho is not None:
        told = {"among right answers": found.length.right, "among wrong ones": found.length.wrong}
        parts = [f"{_ranks(one)} {where}" for where, one in told.items() if one.rho is not None]
        said.append(f"With {LENGTH}: rank correlation {', '.join([_ranks(found.length.rows), *parts])}")
    return said


def _labels(steps: Sequence[Step]) -> list[str]:
    return [f"{one.low:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}" for one in steps]


def _ranks(found: Ranks) -> str:
    return "unknown" if found.rho is None else f"{found.rho:.2f}{_ends(found.interval)}"


def _ends(interval: Interval | None) -> str:
    return f" ({interval.low:.2f} to {interval.high:.2f})" if interval else ""
