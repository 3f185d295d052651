"""Review: where two verifiers disagree, a person decides; the verdicts say how far each verifier can be trusted."""

import json
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa
import streamlit as st

from curation.query.filters import Filter
from curation.trace import Trace
from curation.verifying.calibration import calibrate
from curation.workspace import Workspace
from pages.ui import visitor
from pages.ui.reading import calibrations, keys, media, standings, trace_view, triage
from pages.ui.reading.maths import inline
from pages.ui.state import errors, get, offer_samples, put, screen

QUEUE = 500  # traces of each kind of disagreement held in the queue
END = 1_500  # characters of the reasoning's end that are shown
NOT_VERIFIERS = ("human_correct", "noted", "closed", "verifiers_agree")
PAIRS = (("correct", "correct_second"), ("correct", "given_correct"))
KEYS = {
    "y": "the answer is right",
    "f": "the answer is wrong",
    "s": "skip",
    "k": "previous trace",
    "u": "undo my last verdict",
    "Esc": "leave a box",
    "?": "this list",
}
LETTERS = "yfsku"
QUEUED = "review-queue"
VALUES = {"y": "true", "f": "false"}
VERDICTS = {"true": "Judged right", "false": "Judged wrong"}


def review(work: Workspace) -> None:
    """Choose two verifiers, judge where they disagree, see how good each is."""
    flags = [name for name, kind in work.store.columns().items() if kind == "flag" and name not in NOT_VERIFIERS]
    if len(flags) < 2:
        with st.container(border=True):
            st.write("Two verifiers are needed to disagree. Measure correctness on the traces page first.")
            st.page_link("pages/traces.py", label="Measure on the traces page", icon=":material/straighten:")
        return
    asked = tools(flags)
    left, right = st.columns([7, 5], gap="large")
    with left:
        if asked.first == asked.second:
            st.caption("Choose two different verifiers.")
        elif rows := queue(work, asked):
            judge(work, rows, asked)
        else:
            unjudged = "" if asked.judged_too else "unjudged "
            st.write(f"There is no {unjudged}trace on which {asked.first} and {asked.second} {asked.where}.")
            button("Undo", "u", "undo", partial(undo, work))
            triage.told()
    with right:
        trust(work)
    keys.listen(KEYS, partial(follow, work), LETTERS)


class Asked(NamedTuple):
    """Which traces are to be judged."""

    first: str
    second: str
    where: str
    judged_too: bool


def tools(flags: list[str]) -> Asked:
    """The two verifiers, where they disagree or agree, and whether judged traces are shown too."""
    start = next((pair for pair in PAIRS if set(pair) <= set(flags)), (flags[0], flags[1]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("Verifier", flags, flags.index(start[0]), key="first-verifier", width=220)
        second = st.selectbox("against", flags, flags.index(start[1]), key="second-verifier", width=220)
        where = st.segmented_control("Where they", ["disagree", "agree"], default="disagree", key="where",
                                     required=True)  # fmt: skip
        judged_too = st.toggle("Judged ones too", key="judged-too")
    return Asked(first, second, str(where), judged_too)


def queue(work: Workspace, asked: Asked) -> list[str]:
    """Ids of the traces asked for in a fixed random order: an id is a hash."""
    unjudged: dict[str, bool | None] = {} if asked.judged_too else {"human_correct": None}
    out: list[str] = []
    for value in (True, False):
        other = value == (asked.where == "agree")
        out += work.store.ids(Filter(flags={asked.first: value, asked.second: other, **unjudged}), QUEUE)
    st.session_state[QUEUED] = sorted(out)
    return sorted(out)


def follow(work: Workspace, key: str, shown: str, led: str) -> str:
    """Do what a key says: judge the trace that was shown, move from where presses led; tells which is open."""
    put("judge", led)
    if key in VALUES:
        triage.attempt(partial(verdict, work, shown, VALUES[key], led))()
    elif key == "u":
        triage.attempt(partial(undo, work))()
    elif beside := near(led, 1 if key == "s" else -1):
        triage.attempt(partial(put, "judge", beside))()
    return st.session_state["last-judge"] or ""


def near(trace_id: str, step: int) -> str | None:
    """The next or previous trace of the queue as it was drawn last."""
    ids: list[str] = st.session_state[QUEUED]
    place = ids.index(trace_id) + step if trace_id in ids else -1
    return ids[place] if 0 <= place < len(ids) else None


def verdict(work: Workspace, trace_id: str, value: str, opened: str) -> None:
    """Save a verdict and open the next trace; where another is open already, that one stays."""
    work.label(trace_id, "human_correct", value, visitor.name())
    triage.say(f"{VERDICTS[value]}: trace {trace_id[:10]}.")
    if opened == trace_id:
        put("judge", near(trace_id, 1))


def judge(work: Workspace, ids: list[str], names: Asked) -> None:
    """One trace of the queue with its keys."""
    asked = get("judge")
    trace_id = asked if asked in ids else ids[0]
    place = ids.index(trace_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="triage"):
        button("Right", "y", "check", partial(verdict, work, trace_id, "true", trace_id))
        button("Wrong", "f", "close", partial(verdict, work, trace_id, "false", trace_id))
        following = near(trace_id, 1)
        button("Skip", "s", "skip_next", partial(put, "judge", following), following is None)
        button("Previous", "k", "arrow_upward", partial(put, "judge", near(trace_id, -1)), not place)
        button("Undo", "u", "undo", partial(undo, work))
        more = "or more" if len(ids) >= QUEUE else "traces"
        st.caption(f"{place + 1} of {len(ids):,} {more}", width="content")
        triage.told()
    with errors():
        one(work, work.store.trace(trace_id), (names.first, names.second))


def button(label: str, key: str, icon: str, action: Any, disabled: bool = False) -> None:  # noqa: ANN401
    """A key as a button."""
    st.button(label, key=f"review-{key}", shortcut=key, icon=f":material/{icon}:", disabled=disabled,
              on_click=triage.attempt(action))  # fmt: skip


def undo(work: Workspace) -> None:
    """Take back the person's last verdict, and show its trace."""
    event = work.last_undoable(visitor.name(), ("human_correct",))
    if event is None:
        triage.say("There is no verdict of yours to undo.")
        return
    work.undo(event.id, visitor.name())
    put("judge", event.trace_id)
    triage.say(f"Undone: the verdict of trace {event.trace_id[:10]}.")


def one(work: Workspace, trace: Trace, names: tuple[str, str]) -> None:
    """Question, reference, what was extracted, who says what, and the end of the trace."""
    scores = work.store.scores(trace.id)
    with st.container(border=True):
        trace_view.show_text(trace.question, keys.style_of(trace.id))
        media.show(work, trace)
        facts = {"reference answer": trace.problem.reference, **extracted(scores), **{n: scores[n] for n in names}}
        st.html(trace_view.scores_line({**facts, "decided by": scores.get("decided_by")}))
        triage.badge({k: v for k, v in work.labels(trace.id).items() if k == "human_correct"})
    cut = len(trace.reasoning) > END
    st.caption(f"The last {END:,} of {len(trace.reasoning):,} characters of reasoning" if cut else "The reasoning")
    trace_view.show_text(("… " if cut else "") + trace.reasoning[-END:] or "(no reasoning)")
    st.caption("Answer")
    trace_view.show_text(trace.answer[-END:] or "(no answer)")
    given = json.loads(trace.extra)
    if isinstance(given, dict) and "model_answer" in given:
        st.caption(inline(f"The source row names the answer {given['model_answer']}"))
    st.page_link("pages/traces.py", label="Read the whole trace", icon=":material/notes:",
                 query_params={"trace": trace.id})  # fmt: skip


def extracted(scores: dict[str, Any]) -> dict[str, Any]:
    """The answers that verifiers found in the trace."""
    return {name.replace("_", " "): value for name, value in scores.items() if name.startswith("extracted")}


def trust(work: Workspace) -> None:
    """Each verifier's precision and recall against people."""
    st.subheader("How far each verifier can be trusted", anchor=False)
    judged = [Filter(flags={"human_correct": value}) for value in (True, False)]
    tables = [work.store.page(chosen, limit=work.store.count(chosen).rows) for chosen in judged]
    table = pa.concat_tables(tables)
    rows = calibrate(table)
    known = calibrations.shares(rows)
    if not known:
        st.caption("Unknown until some traces are judged: press y or f above.")
        return
    st.plotly_chart(calibrations.figure(known), key="calibration", config={"displayModeBar": False},
                    alt="Precision and recall of each verifier with 95 % intervals")  # fmt: skip
    for row in rows:
        st.caption(inline(calibrations.sentence(row)))
    st.caption("Precision: of the traces it calls right, the share people call right. Recall: of the traces people "
               "call right, the share it calls right. Where only disagreements are judged both look worse than they "
               "are: judge some traces on which they agree too.")  # fmt: skip
    standings.show(work, table)


with screen("Review", "Judge the answers on which two verifiers disagree: y right, f wrong, s skip.") as work:
    if not offer_samples(work):
        review(work)
