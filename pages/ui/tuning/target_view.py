"""Reaching a target: so many rows or tokens; which thresholds move, what that trades, and taking it over."""

from typing import Any

import streamlit as st

from curation.tuning.dials import movable_steps
from curation.tuning.solve import Goal, Solution, solve
from pages.ui.reading.maths import inline
from pages.ui.tuning import funnel, preview
from pages.ui.tuning.draft import Draft

FOUND = "solution"
PASSING = ("Passed", "Passes")


def show(scene: preview.Scene) -> None:
    """Ask for a goal, find thresholds, show them, apply them."""
    draft, result = scene.draft, scene.result
    numbers = movable_steps(result.steps)
    if not numbers:
        st.caption("No step has a threshold that can move. Add keep_where with a minimum or a maximum.")
        return
    names = {n: f"{n}. {result.steps[n - 1].title()} {draft_line(draft, n)}" for n in numbers}
    moving = st.pills(
        "Thresholds that may move", numbers, selection_mode="multi", default=numbers, format_func=names.get,
        key=f"target-steps-{numbers}", wrap=True,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        unit = st.segmented_control("Goal", ["rows", "tokens"], default="rows", required=True, key="target-unit")
        last = result.reports[-1]
        now = last.rows if unit == "rows" else last.tokens or 0
        amount = st.number_input("At least", 1, None, max(1, now), key=f"target-{unit}", width=180)
        same = st.toggle("Same difficulty mix", key="target-mix", help="As easy and hard as the rows at the start")
        wanted = st.button("Find thresholds", icon=":material/target:", type="primary")
    goal = Goal(rows=amount, same_mix=same) if unit == "rows" else Goal(tokens=amount, same_mix=same)
    asked = ([step.dump() for step in result.steps], goal, moving, scene.chosen.to_query(), scene.work.store.version)
    if wanted:
        with st.spinner("Looking for thresholds"):
            found = solve(scene.held, result.steps, goal, moving)
        st.session_state[FOUND] = (asked, found)
    if st.session_state.get(FOUND, (None,))[0] == asked:
        solution(scene, st.session_state[FOUND][1])


def draft_line(draft: Draft, number: int) -> str:
    """The values of an applied step, as plain words."""
    return next((inline(step.summary()) for step, place in draft.numbers() if place == number), "")


def solution(scene: preview.Scene, found: Solution) -> None:
    """What was found, as a preview, and the button that takes it over."""
    if not found.met:
        st.warning(inline(found.limit), icon=":material/block:")
    if found.note:
        st.caption(inline(found.note))
    last = scene.result.reports[-1]
    columns = st.columns(3)
    for place, (name, new, old) in enumerate(
        [
            ("Rows", found.rows, last.rows),
            ("Problems", found.problems, last.problems),
            ("Tokens", found.tokens, last.tokens),
        ]
    ):
        delta = None if new is None or old is None else new - old
        columns[place].metric(name, "not counted" if new is None else f"{new:,}", delta, delta_color="off")
    if found.traded:
        st.dataframe(
            traded(found), hide_index=True, height="content", row_height=29, alt="What was traded", key="traded",
            column_config={name: st.column_config.NumberColumn(name, format="percent") for name in PASSING},
        )  # fmt: skip
    else:
        st.caption("Nothing has to move.")
    applied = preview.applied(scene.held, found.steps)
    start = preview.start(scene.work, scene.chosen)
    funnel.show(applied.reports, start.rows, "target", start)
    st.button(
        "Apply these thresholds", icon=":material/check:", on_click=scene.draft.set_steps, args=(found.steps,),
        disabled=list(found.steps) == list(scene.result.steps),
    )  # fmt: skip


def traded(found: Solution) -> list[dict[str, Any]]:
    """One row a threshold that moved: from, to, and the share of rows that pass its step."""
    return [
        {
            "Step": f"{item.step}. {item.op}",
            "Threshold": f"{item.score} {item.field}".strip(),
            "From": item.before,
            "To": item.after,
            "Passed": item.kept_before,
            "Passes": item.kept_after,
        }
        for item in found.traded
    ]
