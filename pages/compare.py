"""Compare: students side by side, and two of them problem by problem."""

from typing import Any

import streamlit as st

from curation.runs import Run
from curation.workspace import Workspace
from pages.ui import charts, students, trace_view
from pages.ui.maths import inline, visible
from pages.ui.scores import COLUMNS, row
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from training.compare import Comparison, compare, pair, samples

PAGE = 50
OUTCOMES = {
    "all": "All",
    "only_a": "A right, B wrong",
    "only_b": "A wrong, B right",
    "neither": "Both wrong",
    "both": "Both right",
}


def comparison(work: Workspace) -> None:
    """All finished evaluations, then two of them."""
    found = {run.id: run for run in runs(work, "evaluate") if run.result("scores.json")}
    if not found:
        with st.container(border=True):
            st.write("Nothing is evaluated yet. Evaluate two students on the same benchmark to compare them.")
            st.page_link("pages/evaluate.py", label="Evaluate a student", icon=":material/fact_check:")
        return
    names = students.names(work)
    table = {run_id: row(run, names) for run_id, run in found.items()}
    left, right = st.columns([8, 4], gap="medium")
    left.dataframe(
        list(table.values()), hide_index=True, height="auto", placeholder="", row_height=29, alt="Students",
        column_config=COLUMNS,
    )  # fmt: skip
    right.plotly_chart(
        charts.accuracies(intervals(list(table.values()))), key="accuracies", config={"displayModeBar": False},
        alt="Accuracy of each student with its interval",
    )  # fmt: skip
    if len(found) < 2:
        st.caption("Evaluate a second student on the same benchmark to compare problem by problem.")
        return
    with errors():
        two(found, {run_id: label(run_id, line) for run_id, line in table.items()})


def intervals(rows: list[dict[str, Any]]) -> list[charts.Interval]:
    """The students' accuracies for the chart, names made unique."""
    known = [line for line in rows if line["Accuracy"] is not None]
    return [
        charts.Interval(f"{n}. {line['Student']}", line["Accuracy"], line["95 % from"], line["95 % to"])
        for n, line in enumerate(known, 1)
    ]


def label(run_id: str, line: dict[str, Any]) -> str:
    """An evaluation in a select box."""
    return f"{line['Student']} on {line['Benchmark']}, {line['Strategy']}, {line['Problems']} problems ({run_id[-4:]})"


def two(found: dict[str, Run], labels: dict[str, str]) -> None:
    """Choose a and b, test the difference, list the problems."""
    st.subheader("Two students, problem by problem", anchor=False)
    ids = list(found)
    columns = st.columns(2)
    chosen = []
    for name, column, start in zip(("a", "b"), columns, (ids[0], ids[1]), strict=True):
        asked = get(name)
        index = ids.index(asked if asked in found else start)
        picked = column.selectbox(f"Student {name.upper()}", ids, index, key=f"student-{name}", format_func=labels.get)
        put(name, picked)
        chosen.append(found[picked])
    rows = paired((chosen[0].id, chosen[1].id), *chosen)
    facts = compare(rows)
    summary(facts)
    counts = {"all": facts.agreement.n, **facts.agreement._asdict()}
    outcome = st.segmented_control(
        "Problems", list(OUTCOMES), default="only_a" if counts["only_a"] else "all", required=True, key="outcome",
        format_func=lambda name: f"{OUTCOMES[name]} ({counts[name]})", label_visibility="collapsed",
    )  # fmt: skip
    problems([line for line in rows.to_pylist() if outcome in ("all", line["outcome"])])


@st.cache_data(show_spinner="Pairing the answers", max_entries=8)
def paired(ids: tuple[str, str], _a: Run, _b: Run) -> Any:  # noqa: ANN401  (an Arrow table)
    """Both students' answers by problem."""
    return pair(samples(_a), samples(_b))


def summary(facts: Comparison) -> None:
    """The difference and whether it is more than chance."""
    columns = st.columns(4)
    columns[0].metric("Accuracy of A", f"{facts.accuracy_a:.1%}")
    columns[1].metric("Accuracy of B", f"{facts.accuracy_b:.1%}")
    low, high = facts.interval
    columns[2].metric(
        "A minus B", f"{100 * facts.difference:+.1f} points", f"95 %: {100 * low:+.1f} to {100 * high:+.1f}",
        delta_color="off", delta_arrow="off",
    )  # fmt: skip
    columns[3].metric(
        "McNemar p", f"{facts.p_value:.3g}", "more than chance" if facts.p_value < 0.05 else "may be chance",
        delta_color="off", delta_arrow="off",
        help="Exact two-sided test on the problems that only one student solved",
    )  # fmt: skip
    if facts.needed and facts.needed > facts.agreement.n:
        st.caption(f"About {facts.needed:,} problems would be needed to see a difference of this size (power 80 %).")


def problems(rows: list[dict[str, Any]]) -> None:
    """The problems of one outcome, and both answers to the chosen one."""
    if not rows:
        st.caption("No problem has this outcome.")
        return
    pages = -(-len(rows) // PAGE)
    number = st.pagination(pages, key=f"compare-page-{pages}") if pages > 1 else 1
    shown = rows[(number - 1) * PAGE : number * PAGE]
    ids = [line["problem_id"] for line in shown]
    asked = get("problem")
    place = ids.index(asked) if asked in ids else 0
    key = f"problems-{hash(tuple(ids))}-{st.session_state.get('compare-jump', 0)}"

    def choose() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        if picked:
            put("problem", ids[picked[0]])

    def go(step: int) -> None:
        put("problem", ids[place + step])
        st.session_state["compare-jump"] = st.session_state.get("compare-jump", 0) + 1

    st.dataframe(
        [problem_row(line) for line in shown], key=key, on_select=choose, selection_mode="single-row", hide_index=True,
        selection_default={"selection": {"rows": [place]}}, height=260, row_height=29, placeholder="no answer",
        alt="Problems of this outcome",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", shortcut="k", icon=":material/arrow_upward:", on_click=go, args=(-1,), disabled=not place
        )
        st.button("Next", shortcut="j", icon=":material/arrow_downward:", on_click=go, args=(1,),
                  disabled=place >= len(ids) - 1)  # fmt: skip
        st.caption(f"{place + 1} of {len(ids)}", width="content")
    answers(shown[place])


def problem_row(line: dict[str, Any]) -> dict[str, Any]:
    """A problem in the table."""
    return {
        "Question": visible(line["question"]),
        "Reference": line["reference"],
        "Answer of A": line["answer_a"],
        "Answer of B": line["answer_b"],
        "Tokens of A": line["n_tokens_a"],
        "Tokens of B": line["n_tokens_b"],
    }


def answers(line: dict[str, Any]) -> None:
    """Question, reference, and what each student wrote."""
    with st.container(border=True):
        trace_view.show_text(line["question"], "w-question")
        st.caption(inline(f"Reference answer {line['reference']} · {line['subject'] or 'no subject'}"))
    for name, column in zip(("a", "b"), st.columns(2, gap="medium"), strict=True):
        with column:
            right = line[f"correct_{name}"]
            st.badge(f"{name.upper()} {'right' if right else 'wrong'}", color="green" if right else "red",
                     icon=":material/check:" if right else ":material/close:")  # fmt: skip
            cut = ", cut off at the limit" if line[f"finish_reason_{name}"] == "length" else ""
            given = line[f"answer_{name}"]
            st.caption(inline(f"Answer {'none' if given is None else given}, {line[f'n_tokens_{name}']} tokens{cut}"))
            trace_view.show_text(line[f"output_{name}"])


with screen("Compare", "Accuracy with its interval, length and no-answer rate; then problem by problem.") as work:
    if not offer_samples(work):
        comparison(work)
