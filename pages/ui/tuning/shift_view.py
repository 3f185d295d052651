"""Before and after: how the rows left differ from those at the start, one line a column, with warnings."""

import html
from collections.abc import Sequence

import streamlit as st

from curation.tuning.inquiry import Mix
from curation.tuning.shift import Fifth, Share, Shift, warnings
from pages.ui.exploring import charts
from pages.ui.reading.maths import inline, visible

VALUES = 6  # categories drawn
STYLE = """<style>
.w-shift {width: 100%; border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums;}
.w-shift th {font-weight: 500; opacity: .65; text-align: left; font-size: .78rem; padding: 0 .8rem .2rem 0;
  border: none;}
.w-shift td {border: none; border-top: 1px solid rgba(128, 138, 150, .22); padding: .35rem .8rem .35rem 0;
  vertical-align: top;}
.w-bins {display: flex; align-items: flex-end; gap: 1px; height: 44px; width: 100%; min-width: 120px;}
.w-bins div {flex: 1; display: flex; align-items: flex-end; gap: 0; height: 100%;}
.w-bins i {flex: 1; display: block; background: rgba(138, 148, 146, .5);}
.w-bins i + i {background: rgb(42, 140, 130);}
.w-values {display: grid; grid-template-columns: auto 1fr; gap: .1rem .5rem; align-items: center; font-size: .78rem;}
.w-values span {white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 9rem;}
.w-values div i {display: block; height: 4px; background: rgba(138, 148, 146, .5); margin: 1px 0;}
.w-values div i + i {background: rgb(42, 140, 130);}
.w-values div i.w-lost {background: rgba(212, 84, 92, .6);}
.w-key i {display: inline-block; width: .7rem; height: .7rem; margin: 0 .25rem 0 .7rem; border-radius: 2px;
  background: rgba(138, 148, 146, .5);}
.w-key i + i {background: rgb(42, 140, 130);}
.w-effect-large, .w-effect-medium {color: rgb(212, 84, 92); font-weight: 600;}
.w-effect-none, .w-effect-negligible {opacity: .65;}
</style>"""


def show(found: Mix, steps: int) -> None:
    """Draw the warnings and the table; `steps` is how many were applied."""
    for text in warnings(found.shifts, found.fifths):
        st.warning(inline(text), icon=":material/balance:")
    if not found.shifts:
        st.caption("No row is left, or nothing is known to compare.")
        return
    st.html(STYLE + table(found.shifts))
    if any(fifth.lost for fifth in found.fifths):
        st.html(STYLE + lost(found.fifths))
        if found.counted < steps:
            st.caption(f"Problems are counted after step {found.counted}, the last whose counts are exact.")
    st.caption(
        "Numbers: Cliff's delta, from -1 (all rows left are lower) to 1; below 0.147 negligible, 0.33 small, 0.474 "
        "medium (Romano and others 2006). Categories: share of rows that changed its value, 2, 10 and 25 % (ours)."
    )


def table(found: Sequence[Shift]) -> str:
    """One row a column: its distribution before and after, the figures, and the effect in a word."""
    rows = "".join(
        f"<tr><td>{html.escape(charts.label(shift.name))}</td><td style='width: 34%'>{_drawn(shift)}</td>"
        f"<td>{_figures(shift)}</td><td class='w-effect-{shift.magnitude}'>{_effect(shift)}</td></tr>"
        for shift in found
    )
    key = '<span class="w-key"><i></i>before <i></i>after</span>'
    head = f"<tr><th></th><th>Share of rows{key}</th><th>Before → after</th><th>Effect</th></tr>"
    return f'<table class="w-shift" aria-label="Before and after">{head}{rows}</table>'


def _drawn(shift: Shift) -> str:
    top = max((max(share.before, share.after) for share in shift.shares), default=0) or 1
    if shift.kind == "number":
        return f'<div class="w-bins">{"".join(_bin(share, top) for share in shift.shares)}</div>'
    return f'<div class="w-values">{"".join(_value(share, top) for share in shift.shares[:VALUES])}</div>'


def _bin(share: Share, top: float) -> str:
    bars = "".join(f'<i style="height: {100 * part / top:.1f}%"></i>' for part in (share.before, share.after))
    return f'<div title="{html.escape(share.value)}: {share.before:.1%} before, {share.after:.1%} after">{bars}</div>'


def _value(share: Share, top: float) -> str:
    name = html.escape(visible(share.value) or "unknown")
    bars = "".join(f'<i style="width: {100 * part / top:.1f}%"></i>' for part in (share.before, share.after))
    told = f"{share.before:.1%} before, {share.after:.1%} after"
    return f'<span title="{name}">{name}</span><div title="{told}">{bars}</div>'


def _figures(shift: Shift) -> str:
    if shift.quartiles:
        before, after = shift.quartiles
        return (
            f"median {_number(before.median)} → <b>{_number(after.median)}</b><br>"
            f"<span style='opacity: .7'>middle half {_number(before.low)} to {_number(before.high)} → "
            f"{_number(after.low)} to {_number(after.high)}</span>"
        )
    moved = [
        f"{html.escape(visible(share.value))} {share.before:.0%} → <b>{share.after:.0%}</b>"
        for share in shift.movers()
    ]
    return "<br>".join(moved) or "<span style='opacity: .7'>unchanged</span>"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _effect(shift: Shift) -> str:
    if shift.effect is None:
        return "unknown"
    size = f"{shift.effect:+.2f}" if shift.kind == "number" else f"{shift.effect:.0%}"
    return f"{shift.magnitude}<br><span style='font-weight: 400'>{size}</span>"


def lost(fifths: Sequence[Fifth]) -> str:
    """Problems without any row left, by fifth of difficulty."""
    rows = "".join(
        f"<tr><td>{fifth.low:.2f} to {fifth.high:.2f}</td><td>{fifth.lost:,} of {fifth.problems:,}</td>"
        f"<td style='width: 45%'><div class='w-values'><span>{fifth.lost / fifth.problems:.0%}</span><div>"
        f"<i class='w-lost' style='width: {100 * fifth.lost / fifth.problems:.1f}%'></i></div></div></td></tr>"
        for fifth in fifths
    )
    head = "<tr><th>Difficulty</th><th>Problems lost</th><th></th></tr>"
    return f'<table class="w-shift" aria-label="Problems lost by difficulty">{head}{rows}</table>'
