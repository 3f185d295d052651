"""A benchmark on screen: its card, its first problems and how answers are read, and what the student saw of it."""

import streamlit as st

from curation.benchmarking.card import Card
from curation.benchmarks import Described, Item
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline
from training.comparing.contamination import Seen

FIRST = 3  # problems shown


def show(found: Described, expanded: bool) -> None:
    """The card in short, the rest behind a click."""
    card = found.card
    unanswered = sum(item.problem.reference is None for item in found.items)
    counts = f"{len(found.items):,} problems" + (f", {unanswered:,} of them without" if unanswered else " with")
    facts = [f"{counts} a reference answer", f"{form(card)} answers", card.metric, *card.languages]
    st.caption(" · ".join(facts), width="content")
    with st.expander("Card and first problems", expanded=expanded, icon=":material/description:"):
        details(card)
        for item in found.items[:FIRST]:
            problem(item)


def form(card: Card) -> str:
    """What the answers are, in a word or two."""
    return "unknown" if card.answers is None else card.answers.replace("_", " or ")


def details(card: Card) -> None:
    """Everything the card says."""
    lines = {
        "Source": card.source or "unknown",
        "Licence": card.licence or "unknown",
        "Answers": card.meaning() if card.answers else "unknown",
        "Read by": f"{card.verifier().extractor} extractor, {card.verifier().comparator} comparator",
        "Rows": f"{card.layout} layout",
        "Splits": ", ".join(card.splits),
        "Instruction": card.instruction,
        "Note": card.note,
        "Left out": left_out(card) if card.repeated else None,
    }
    st.markdown("  \n".join(f"**{name}** {inline(text)}" for name, text in lines.items() if text))


def left_out(card: Card) -> str:
    """Rows that ask what was asked before."""
    other = f", {card.conflicting:,} of them with another answer" if card.conflicting else ""
    return f"{card.repeated:,} rows whose question stood before{other}"


def problem(item: Item) -> None:
    """A problem and its reference answer."""
    with st.container(border=True):
        trace_view.show_text(item.problem.question, "w-question")
        about = [f"Row {item.row}", f"reference answer {item.problem.reference or 'missing'}"]
        about += [text for text in (item.problem.subject, item.level and f"level {item.level}") if text]
        st.caption(inline(" · ".join(about)))


def contamination(seen: Seen, problems: int) -> None:
    """Say before the launch what the student has seen of the problems."""
    if seen.trained is None:
        st.caption("It is not known what this student was trained on, so its problems cannot be checked.")
        return
    sets = inline(", ".join(seen.sets) or "no set")
    if seen.ids:
        parts = [f"trained on {len(seen.trained):,} of these {problems:,} problems"] if seen.trained else []
        parts += [f"trained on near copies of {len(seen.overlapping):,}"] if seen.overlapping else []
        st.warning(
            f"The student was {' and '.join(parts)} ({sets}). Accuracy on the {problems - len(seen.ids):,} others "
            "will be given beside.",
            icon=":material/warning:",
        )
    elif seen.overlapping is None:
        st.caption(f"None of these problems was trained on. Near copies are unknown: a set of {sets} is gone.")
    else:
        st.caption(f"Neither these problems nor near copies of them are in the student's training sets ({sets}).")
