"""Problems x students: a list that is filtered, and both answers to the chosen problem with where they come from."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from curation.runs import Run
from curation.workspace import Workspace
from pages.ui.evaluating import evaluated, walk_back
from pages.ui.reading import side_by_side, trace_view
from pages.ui.reading.maths import inline, visible
from pages.ui.state import errors, get, put
from training.comparing.compare import OUTCOMES, Comparison, Outcome, left_out, verdict
from training.comparing.comparison_report import mark
from training.comparing.evaluations import Evaluation, attempts
from training.comparing.matrix import Row, Wanted, matrix, outcome_of, select, subjects

PAGE, FEW = 50, 7
NAMES: dict[Outcome, str] = {
    "only_a": "A right, B wrong", "only_b": "A wrong, B right", "neither": "Both wrong", "both": "Both right",
}  # fmt: skip
ALONE: dict[Outcome, str] = {"neither": "Wrong", "both": "Right"}


def show(work: Workspace, found: Sequence[Evaluation]) -> None:
    """Choose a and b, test their difference, list the problems, open one."""
    a, b = (choose(found, name, place) for name, place in zip("ab", st.columns(2), strict=True))
    with errors():
        if a != b:
            summary(evaluated.compared((a.id, b.id), a, b))
        rows = filtered(found, found.index(a), found.index(b))
        opened = problems(rows, found, (a, b))
        if opened:
            answers(work, opened, a, b)


def choose(found: Sequence[Evaluation], name: str, place: Any) -> Evaluation:  # noqa: ANN401  (a column)
    """One of the two students, kept in the address."""
    ids = [one.id for one in found]
    start = ids[min("ab".index(name), len(ids) - 1)]
    asked = get(name)
    picked = place.selectbox(
        f"Student {name.upper()}", ids, ids.index(asked if asked in ids else start), key=f"student-{name}-{len(ids)}",
        format_func=lambda value: f"{ids.index(value) + 1}. {found[ids.index(value)].name}",
    )  # fmt: skip
    put(name, picked)
    return found[ids.index(picked)]


def summary(facts: Comparison) -> None:
    """The difference and whether it is more than chance."""
    columns = st.columns(4)
    columns[0].metric("Accuracy of A", f"{facts.accuracy_a:.1%}")
    columns[1].metric("Accuracy of B", f"{facts.accuracy_b:.1%}")
    low, high = facts.interval
    columns[2].metric(
        "A minus B", f"{100 * facts.difference:+.1f} points", f"95 %: {100 * low:+.1f} to {100 * high:+.1f}",
        delta_color="off", delta_arrow="off", help=interval_help(facts),
    )  # fmt: skip
    columns[3].metric(
        f"{facts.test} p", f"{facts.p_value:.3g}", "more than chance" if facts.p_value < 0.05 else "may be chance",
        delta_color="off", delta_arrow="off",
        help="Exact two-sided test on the problems that only one student solved"
        if facts.test == "McNemar" else "Two-sided: each problem's difference is turned by chance",
    )  # fmt: skip
    st.caption(inline(" ".join(filter(None, [verdict(facts), left_out(facts)]))))


def interval_help(facts: Comparison) -> str:
    """Which interval is shown, and the other one."""
    if facts.test != "McNemar":
        return "Bootstrap over problems, bias-corrected and accelerated"
    other = facts.bootstrap
    boot = f"; bootstrap over problems {100 * other.low:+.1f} to {100 * other.high:+.1f}" if other else ""
    return f"Newcombe's interval of a paired difference{boot}"


def filtered(found: Sequence[Evaluation], a: int, b: int) -> list[Row]:
    """The rows that fit the outcome, subject and missing answers chosen above the list."""
    rows = matrix(found)
    outcomes = [outcome_of(row, a, b) for row in rows]
    counts = {name: outcomes.count(name) for name in OUTCOMES}
    names = NAMES if a != b else ALONE
    options, key = [None, *names], f"outcome-{a == b}"
    if key not in st.session_state:  # the problem of the address is among the first ones shown
        asked = [made for row, made in zip(rows, outcomes, strict=True) if row.problem_id == get("problem")]
        worth = [name for name in names if counts[name] and name != "both"]
        st.session_state[key] = next((made for made in [*asked, *worth] if made in names or made is None), None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        outcome = st.segmented_control(
            "Problems", options, required=True, key=key, wrap=True,
            format_func=lambda name: f"{names[name]} ({counts[name]})" if name else f"All ({len(rows)})",
        )  # fmt: skip
        subject = st.selectbox("Subject", subjects(rows), None, key="compare-subject", placeholder="all", width=170)
        silent = st.selectbox(
            "Without an answer of", range(len(found)), None, key=f"silent-{len(found)}", placeholder="nobody",
            width=230, format_func=lambda place: f"{place + 1}. {found[place].name}",
        )  # fmt: skip
    return select(rows, Wanted(a, b, outcome, subject, silent))


def problems(rows: list[Row], found: Sequence[Evaluation], pair: tuple[Evaluation, Evaluation]) -> Row | None:
    """A page of the problems that fit; the chosen one."""
    if not rows:
        st.caption("No problem fits.")
        return None
    pages = -(-len(rows) // PAGE)
    asked = get("problem")
    ids = [row.problem_id for row in rows]
    start = ids.index(asked) // PAGE + 1 if asked in ids else 1
    number = st.pagination(pages, default=start, key=f"compare-page-{pages}-{ids[0]}") if pages > 1 else 1
    shown = rows[(number - 1) * PAGE : number * PAGE]
    ids = ids[(number - 1) * PAGE : number * PAGE]
    place = ids.index(asked) if asked in ids else 0
    key = f"problems-{hash(tuple(ids))}-{len(found)}-{st.session_state.get('compare-jump', 0)}"

    def pick() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        if picked:
            put("problem", ids[picked[0]])

    st.dataframe(
        [problem_row(row, found, pair) for row in shown], key=key, on_select=pick, selection_mode="single-row",
        hide_index=True, selection_default={"selection": {"rows": [place]}}, row_height=29,
        height=260 if len(shown) > FEW else "content",
        placeholder="", alt="Problems that fit",
        column_config={"Question": st.column_config.TextColumn("Question", width=420)},
    )  # fmt: skip
    steps(ids, place)
    return shown[place]


def steps(ids: list[str], place: int) -> None:
    """Buttons to the problem before and after."""

    def go(step: int) -> None:
        put("problem", ids[place + step])
        st.session_state["compare-jump"] = st.session_state.get("compare-jump", 0) + 1

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", shortcut="k", icon=":material/arrow_upward:", on_click=go, args=(-1,), disabled=not place
        )
        st.button("Next", shortcut="j", icon=":material/arrow_downward:", on_click=go, args=(1,),
                  disabled=place >= len(ids) - 1)  # fmt: skip
        st.caption(f"{place + 1} of {len(ids)}", width="content")


def problem_row(row: Row, found: Sequence[Evaluation], pair: tuple[Evaluation, Evaluation]) -> dict[str, Any]:
    """A problem in the list: A and B first, then every other student by its number."""
    shown: dict[str, Any] = {"Question": visible(row.question), "Reference": row.reference, "Subject": row.subject}
    marks = {one.id: (place, how(row, place)) for place, one in enumerate(found)}
    heads = dict(zip(("A", "B"), pair, strict=True)) if pair[0] != pair[1] else {"A": pair[0]}
    for name, one in heads.items():
        shown[name] = marks.pop(one.id)[1]
    return shown | {f"Student {place + 1}": word for place, word in marks.values()}


def how(row: Row, place: int) -> str | None:
    """How a student did on a problem, in a word or two."""
    answer = row.answers[place]
    if answer is None:
        return None
    word = "no answer" if answer.no_answer == 1 else mark(answer.right, answer.attempts)
    return f"{word}, seen in training" if row.trained_on[place] else word


def answers(work: Workspace, row: Row, a: Evaluation, b: Evaluation) -> None:
    """Question and reference, what each student wrote, and where it may come from."""
    with st.container(border=True):
        trace_view.show_text(row.question, "w-question")
        st.caption(inline(f"Reference answer {row.reference} · {row.subject}"))
    pair = [("A", a), ("B", b)] if a != b else [("A", a)]
    written = [one for name, found in pair if (one := attempt(row, name, found))]
    if len(written) == 2 and st.toggle("Mark the words that differ", key="compare-differ"):
        texts = side_by_side.words(*(line["output"] for _, _, line in written))
        for column, text in zip(st.columns(2, gap="medium"), texts, strict=True):
            column.html(f'<div class="w-seg w-plain"><div class="w-text">{text}</div></div>')
    else:
        for column, (name, _, line) in zip(st.columns(2, gap="medium"), written, strict=False):
            with column:
                answer(name, line)
    st.subheader("Where it may come from", anchor=False)
    for column, (name, found, _) in zip(st.columns(2, gap="medium"), written, strict=False):
        with column:
            st.caption(inline(f"{name}: {found.student}"))
            walk_back.show(work, found, row.question, f"{name}-{row.problem_id}")


def attempt(row: Row, name: str, found: Evaluation) -> tuple[str, Evaluation, dict[str, Any]] | None:
    """One attempt of a student at a problem, chosen where there are several."""
    lines = attempts(Run(found.folder), row.problem_id)
    if not lines:
        return None
    number = 1
    if len(lines) > 1:
        number = st.pagination(len(lines), key=f"attempt-{name}-{found.id}-{row.problem_id}", max_visible_pages=7)
    return name, found, lines[number - 1]


def answer(name: str, line: dict[str, Any]) -> None:
    """What a student wrote."""
    right = line["correct"]
    st.badge(f"{name} {'right' if right else 'wrong'}", color="green" if right else "red",
             icon=":material/check:" if right else ":material/close:")  # fmt: skip
    cut = ", cut off at the limit" if line["finish_reason"] == "length" else ""
    given = line["answer"]
    st.caption(inline(f"Answer {'none' if given is None else given}, {line['n_tokens']} tokens{cut}"))
    trace_view.show_text(line["output"])
