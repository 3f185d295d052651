"""How traces look: one colour for each kind of segment, and the style sheet of every page."""

from pathlib import Path

from curation.trace import Kind

SHEET = Path(__file__).parent / "traces.css"
KIND_NAMES: dict[Kind, str] = {
    "restate": "Restate",
    "plan": "Plan",
    "attempt": "Attempt",
    "check": "Check",
    "backtrack": "Backtrack",
    "alternative": "Alternative",
    "filler": "Filler",
    "answer": "Answer",
}
# red, green, blue of each kind: used as a translucent background, so that both themes keep their text colour
COLOURS: dict[Kind, str] = {
    "restate": "128, 138, 150",
    "plan": "66, 133, 210",
    "attempt": "42, 140, 130",
    "check": "214, 158, 46",
    "backtrack": "212, 84, 92",
    "alternative": "146, 104, 196",
    "filler": "150, 150, 140",
    "answer": "86, 160, 62",
}


def stylesheet() -> str:
    """The style sheet of traces, one rule for each kind of segment."""
    rules = [
        f".w-{kind} {{background-color: rgba({colour}, .10); border-color: rgba({colour}, .75);}}\n"
        f".w-legend .w-{kind}, .w-map .w-{kind} {{background-color: rgba({colour}, .6);}}"
        for kind, colour in COLOURS.items()
    ]
    return f"<style>{SHEET.read_text(encoding='utf-8')}{''.join(rules)}</style>"
