"""Cue words: what the opening of a sentence says about the part it plays in a reasoning (English, R1 and QwQ style).

The lists are ours, read off traces of DeepSeek-R1, QwQ and Sky-T1. A sentence without a cue goes on with what its
paragraph was doing: a check stays a check, while after "Wait, that is wrong." the attempt is taken up again.
All patterns are in small letters and read folded text: that costs a third of matching without regard to case.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from curation.trace import Kind

LEAD = re.compile(
    r"""(?:[\s"'*_>#-]|</?think\w*>|\b(?:okay|ok|alright|all\ right|so|well|now|but|and|or|hmm+|hm+|mm+|oh|ah|aha|uh|um
    |right|yeah|yes|great|good|perfect|then|also|again|actually|wait|hold\ on|just)\b[\s,.!…:;—-]*)*""",
    re.VERBOSE,
)
WAIT = re.compile(r"\b(?:wait|hold on)\b")
CONTENT = re.compile(r"[\d=\\$^]")  # ours: a sentence with a figure or a formula does some work
CONCLUDES = re.compile(r"\W*(?:so|therefore|thus|hence|finally|in total|altogether|overall)\b")
SHORT = 90  # ours: characters; a longer sentence says something, whatever it opens with

LET = "let(?:['’]s| me| us) (?:just |also |now |first |quickly |try to )*"
I_WILL = "i(?:['’]ll| will| should| need to| want to| can| could| have to| must) (?:just |also )*"
I_GO = f"(?:{LET}|{I_WILL})"
AM = "(?:['’]m| am)"
THIS = r"(?:that|this|it|which|something|my \w+)"
# Phrases at the opening of a sentence, behind interjections; kinds are tried in this order and the first match wins.
OPENINGS: dict[Kind, list[str]] = {
    "alternative": [
        "alternatively",
        "instead(?: of |,)",
        r"what if\b",
        "on the other hand",
        r"(?:another|a different|one more|a second) (?:\w+ )?(?:way|approach|method|idea|angle|possib|option|thought)",
        rf"{LET}(?:try|consider|think about|look at|use) (?:\w+ ){{0,2}}?(?:another|a different|an alternative)",
        rf"{LET}(?:\w+ ){{1,3}}?differently",
        rf"{LET}(?:think )?(?:in another way|from (?:another|a different))",
        "(?:maybe|perhaps) (?:i|we) (?:can|could|should) (?:try|think|use|model)",
        "(?:maybe|perhaps) there(?:['’]s| is) (?:another|a different)",
    ],
    "check": [
        rf"{I_GO}(?:double|re|cross)?[- ]?(?:check|verif|confirm|validat|test\b|make sure|be sure|examine)",
        rf"{LET}(?:re-?)?(?:read|parse|think|look|go) (?:\w+ ){{0,3}}again",
        rf"{I_GO}(?:redo|recomput|recalculat|recount|retrace|review|see (?:if|whether))",
        rf"{I_GO}(?:comput|calculat|evaluat|count|add)\w* (?:\w+ ){{0,3}}again",
        rf"{I_GO}go (?:back )?(?:through|over) (?:it|this|that|everything|the \w+|my \w+) (?:once more|again)",
        "(?:just |in order )?to (?:(?:double|cross)[- ])?(?:check|verify|confirm|be (?:sure|safe|certain)|make sure)",
        r"(?:double|cross|sanity)[- ]?check",
        r"(?:verif|check)(?:ying|ication|ing)\b",
        "i (?:just )?want to be (?:sure|certain)",
        r"(?:is|was|does|did|are) (?:that|this|it|these|those|my)\b[^.!]*\?",
        r"plug(?:ging)? (?:it|this|that|these|them|back|in)\b",
        r"substitut\w+ (?:\w+ )?back",
        "(?:that|this|it|which|everything) (?:all )?(?:checks out|matches|makes sense|adds up|works out)",
    ],
    "answer": [
        r"in (?:conclusion|summary)|to (?:conclude|summari[sz]e|sum up)|conclusion\b|final answer",
        "putting (?:it|this|everything) (?:all )?together",
    ],
    "restate": [
        "(?:the|this) (?:question|problem|task|puzzle) (?:is|asks|says|states|wants|here|gives|tells|reads|goes)",
        rf"i{AM} (?:asked|given|told|supposed)\b",
        r"we(?:['’]re| are) (?:asked|given|told)\b",
        "given[ ,:]",
        f"{LET}(?:understand|re-?read|read|parse|restate|rephrase)",
        "understand(?:ing)? the (?:problem|question)",
        r"i(?: have|['’]ve got|['’]ve) (?:this|a|the) (?:\w+ )?(?:problem|question|puzzle)",
        f"i(?:{AM}| need| have| want) (?:trying )?to (?:find|figure|determine|work out|solve|calculate|compute)",
    ],
    "plan": [
        f"{LET}(?:break|start|begin|outline|plan|set up|define|denote|list|write|organi[sz]e|structure)",
        f"{LET}(?:approach|tackle|solve|proceed|think step)",
        f"{I_WILL}(?:start|begin|first|break|approach|try to)",
        "(?:first|next)(?: of all)?,? (?:i|we)(?:['’]ll| will| should| need| have| want| must| can)",
        "(?:my|the) (?:plan|strategy|approach) ",
        "here(?:['’]s| is) (?:the|my) plan",
        "to (?:solve|approach|tackle|answer) (?:this|it|the)",
        "we (?:need|have|want) to (?:find|figure|determine|work|solve|calculate|compute)",
    ],
    "attempt": [
        r"(?:step|case|part) \d",
        r"\d+[.)] ",
        r"(?:first|second|third)(?:ly)?\b",
        r"(?:next|since|because|if)\b",
    ],
    "filler": [
        rf"{LET}(?:see|think)\b(?! step)",
        r"interesting\b",
        "(?:i need|give me) a (?:moment|second)",
        r"this (?:is|seems|looks|feels|might be) (?:\w+ )?(?:\w+ing|tricky|tough|hard|difficult|complicated|fun)\b",
        r"this (?:is|seems|looks|feels|might be) (?:\w+ )?(?:easy|simple|straightforward|strange|odd|weird)\b",
        r"this (?:is|seems|looks|feels) a \w+ (?:problem|question)\b",
        r"that(?:['’]s| is) (?:interesting|tricky|confusing|strange|odd|weird|good|great|fine|nice)\b",
        f"i{AM} (?:not (?:sure|entirely|certain|confident)|confused|stuck|getting|a bit|overcomplicating)",
        "i should be careful",
    ],
}
# Said anywhere in a sentence that does not ask: what came before is wrong.
ERRORS = [
    rf"{THIS}(?:['’]s| is| was| seems| looks| must be) (?:\w+ly |also |quite |all )?"
    r"(?:not (?:\w+ly |quite )?(?:right|correct|possible|true|it)\b|wrong|incorrect|impossible|a mistake|an error)",
    rf"{THIS} (?:can['’]t|cannot|(?:is|was|does|wo|did)n['’]t|does not) (?:seem |look |be )?"
    r"(?:right|correct|possible|true|work|make sense|add up|match|fit|hold|be\b)",
    "(?:i|we)(?:['’]ve| have| must have| might have| may have)? (?:just )?"
    r"(?:made (?:a|an|some) (?:\w+ )?(?:mistake|error|slip)|slipped|mis(?:read|calculated|understood|counted))",
    "(?:i|we) (?:was|were) wrong|messed up|mixed up|my mistake|scratch that|on second thought",
    "there(?:['’]s| is| must be) (?:a|an|some) (?:mistake|error|contradiction|discrepancy)",
    "(?:is|leads to) a contradiction|(?:this|that|which) contradicts|i see (?:a|the|my) mistake",
    "let me (?:correct|fix|backtrack|start over|rethink|reconsider|think again)",
]
ANSWERS = [
    r"\\boxed",
    r"\b(?:final |correct |missing )?answer (?:is|should be|would be|must be|has to be|=|:)",
    r"\banswer\b\**:",
]
# what a sentence that admits an error holds: found ten times as fast as by the patterns
ERROR_HINTS = (
    "wrong", "correct", "impossible", "mis", "error", "not ", "n't", "n’t", "slip", "mess", "mixed", "scratch",
    "second thought", "contradict", "discrepancy", "let me",
)  # fmt: skip
_OPENING = re.compile("|".join(f"(?P<{kind}>{'|'.join(listed)})" for kind, listed in OPENINGS.items()))
_ERROR = re.compile(rf"\b(?:{'|'.join(ERRORS)})")
_ANSWER = re.compile("|".join(ANSWERS))
_NO = re.compile(r"no\b(?! (?:one|matter|more|other|need|longer)\b)")


def folded(text: str) -> str:
    """The text in small letters, each at its place, with the letters that re takes for an i, an s or a k."""
    if not text.isascii():
        text = text.replace("İ", "i").replace("ı", "i").replace("ſ", "s")
    return text.lower()


def admits_error(sentence: str) -> bool:
    """True when the sentence says that what came before is wrong."""
    small = folded(sentence)
    return _admits_error(small, lead_of(small), "?" in small, ERROR_HINTS)


def lead_of(small: str) -> int:
    """Where the interjections at the beginning of a folded sentence end."""
    lead = LEAD.match(small)
    return lead.end() if lead else 0


def hints_of(small: str) -> tuple[str, ...]:
    """What of ERROR_HINTS a folded text holds, so that nothing else is looked for in its sentences."""
    return tuple(hint for hint in ERROR_HINTS if hint in small)


def _admits_error(small: str, rest: int, asks: bool, hints: Sequence[str]) -> bool:
    return (not asks and _says_error(small, hints)) or (_NO.match(small, rest) is not None and _waits(small, rest))


def _waits(small: str, rest: int) -> bool:
    return rest > 0 and WAIT.search(small, 0, rest) is not None


def _says_error(small: str, hints: Sequence[str]) -> bool:
    for hint in hints:
        if hint in small:
            return _ERROR.search(small) is not None
    return False


def _says_answer(small: str) -> bool:
    return ("answer" in small or "boxed" in small) and _ANSWER.search(small) is not None


def cue(sentence: str) -> Kind | None:
    """The kind a sentence announces; None when nothing in it is a cue."""
    return _cue(folded(sentence), ERROR_HINTS)


def _cue(small: str, hints: Sequence[str]) -> Kind | None:
    rest, asks = lead_of(small), "?" in small
    if not asks and _says_answer(small):
        return "answer"
    found = _OPENING.match(small, rest)
    kind: Kind | None = found.lastgroup if found else None  # type: ignore[assignment]  # the groups are named by kind
    if kind != "alternative" and _admits_error(small, rest, asks, hints):
        return "backtrack"
    if kind not in ("check", "alternative") and _waits(small, rest):
        return "check" if asks else "backtrack"
    if kind == "filler" and (len(small) > SHORT or CONTENT.search(small)):
        return None
    return "filler" if rest >= len(small.rstrip()) else kind


def kinds_of(
    sentences: Iterable[str], before: Kind | None = None, hints: Sequence[str] = ERROR_HINTS
) -> Iterator[Kind | None]:
    """The kinds of a paragraph's folded sentences; one without a cue goes on with what the paragraph was doing.

    `hints` are those of ERROR_HINTS that the sentences may hold.
    """
    mode, last = before, None
    for sentence in sentences:
        kind = _cue(sentence, hints)
        if mode in ("check", "alternative") and kind in (None, "attempt", "plan", "restate"):
            kind = mode
        elif kind is None:
            kind = _continued(sentence, mode, last)
        yield kind
        lasting = kind in ("check", "alternative", "restate", "attempt", "plan")
        if lasting or (kind == "answer" and _is_heading(sentence)):
            mode = kind
        last = kind


def _continued(sentence: str, mode: Kind | None, last: Kind | None) -> Kind | None:
    if mode == "answer" or (mode == "restate" and "=" not in sentence):
        return mode
    idle = last == "filler" and len(sentence) <= SHORT and not CONTENT.search(sentence)
    return "filler" if idle else None


def announces(text: str, start: int, stop: int, kind: Kind | None) -> bool:
    """True where this paragraph of a text only says what the next one does: "Let me verify this:"."""
    if kind not in ("answer", "check", "alternative"):
        return False
    paragraph = text[start:stop]
    if kind == "answer":
        return _is_heading(paragraph)
    return _is_heading(paragraph) or (len(paragraph) <= SHORT and not CONTENT.search(paragraph))


def _is_heading(text: str) -> bool:
    return text.rstrip(" \t\r\n*_").endswith(":") or text.startswith("#")
