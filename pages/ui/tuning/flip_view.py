"""The answer-flip test of a pruning step: tokens saved against right answers broken, over the rule's strength."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from curation.application.result import Result
from curation.intervals import wilson
from curation.operator import Mapper
from curation.tuning import inquiry
from curation.tuning.flips import Flip, flips
from pages.ui.exploring import charts

TESTED = 200  # traces of one test: a second or two


def show(result: Result, number: int, key: str) -> None:
    """On a button, the curve of a mapper; it stays while the step and the rows before it stay."""
    step = result.steps[number - 1]
    if not isinstance(step, Mapper):
        return
    name, asked = f"{key}-flips", (step.key(), result.states[number - 1].key)
    if st.button(
        "Test answers", icon=":material/rule:", key=f"{key}-test",
        help="Reads the answer again from the pruned reasoning alone, at every strength of this rule",
    ):  # fmt: skip
        with st.spinner("Testing answers"):
            st.session_state[name] = (asked, flips(step, inquiry.reaching(result, number, TESTED)))
    if st.session_state.get(name, (None,))[0] == asked:
        curve(st.session_state[name][1], step, key)


def curve(found: Sequence[Flip], step: Mapper, key: str) -> None:
    """The chart, and the present strength in words."""
    drawn = [flip for flip in found if flip.right_before and flip.saved is not None]
    if not drawn:
        st.caption("No trace of this sample states its right answer in the reasoning, so none can be broken.")
        return
    st.plotly_chart(
        figure(drawn, step), key=f"{key}-curve", config={"displayModeBar": False},
        alt="Right answers broken against tokens saved, a dot a strength",
    )  # fmt: skip
    now = next((flip for flip in drawn if flip.step == step), None)
    if now:
        st.caption(
            f"As it stands ({now.label}): {now.saved:.0%} of the tokens saved, {now.broken:,} of {now.right_before:,} "
            f"right answers broken, {now.mended:,} mended; {now.rows:,} traces tested."
        )


def figure(found: Sequence[Flip], step: Mapper) -> go.Figure:
    """A dot a strength with the 95 % interval of the share broken; the present strength is filled."""
    shares = [flip.broken / flip.right_before for flip in found]
    ends = [wilson(flip.broken, flip.right_before) for flip in found]
    chart = go.Figure(
        go.Scatter(
            x=[flip.saved for flip in found], y=shares, mode="lines+markers", line_color=charts.MAIN,
            marker={
                "size": [13 if flip.step == step else 8 for flip in found],
                "color": [charts.LIMIT if flip.step == step else charts.MAIN for flip in found],
            },
            error_y={
                "type": "data", "symmetric": False, "thickness": 1.2, "width": 4, "color": charts.PALE,
                "array": [end.high - share if end else 0 for end, share in zip(ends, shares, strict=True)],
                "arrayminus": [share - end.low if end else 0 for end, share in zip(ends, shares, strict=True)],
            },
            customdata=[[flip.label, flip.broken, flip.right_before] for flip in found],
            hovertemplate="%{customdata[0]}: %{customdata[1]} of %{customdata[2]} broken, %{x:.0%} saved"
            "<extra></extra>",
        )
    )  # fmt: skip
    charts.layout(chart, 260, "Tokens of reasoning saved", "Right answers broken")
    chart.update_xaxes(tickformat=".0%")
    chart.update_yaxes(tickformat=".1%")
    return chart
