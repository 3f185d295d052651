"""What a reasoning does sentence by sentence: verify, backtrack, set sub-goals, suppose, hedge (English and Chinese).

The lists are ours, in the style of cues.py, read off traces of DeepSeek-R1, QwQ and Sky-T1. English verification and
backtracking begin with the cues that name segments; turning to an alternative is backtracking. "Is Human-Written Data
Enough?" counts such behaviours, but gives no lists. Against 499 sentences of R1-distilled traces that others labelled
as backtracking these find 75 %, and 6 % of 1,586 labelled as deduction.
"""

import re
from typing import Literal, get_args

from curation.texts.cues import admits_error, cue, folded, lead_of

Behaviour = Literal["verification", "backtracking", "sub_goals", "hypotheses", "hedges"]
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)

I_WILL = "i(?:['’]ll| will| need to| should| have to| must| can)"
I_GO = f"(?:let(?:['’]s| me| us)|{I_WILL}|we (?:need to|should|have to|must|can))"
ORDER = "(?:first|second|third|next|finally)(?:ly)?(?: of all)?"
# Phrases at the opening of a sentence, behind interjections.
OPENINGS: dict[Behaviour, list[str]] = {
    "sub_goals": [
        rf"{I_GO} (?:first|start by|begin by|break|split|divide|handle|find|compute|calculate|determine|figure out)\b",
        rf"{ORDER},? (?:i|we|let|find|compute|calculate|determine|consider)\b",
        r"(?:step|part|case) (?:\d+|one|two|three|four|[a-d])\b",
        r"the (?:first|second|third|next|last|final) (?:step|part|thing|task) ",
        r"to (?:do|get|find) (?:this|that|it),? ",
        r"(?:i|we) (?:first|then|next) need",
    ],
    "hypotheses": [
        rf"(?:{I_GO} )?(?:suppose|assume|imagine|hypothesi[sz]e|say that)\b",
        r"(?:what if|assuming|suppose that|maybe if)\b",
        r"if (?:this|that|it|i|we|so|the \w+|\w) (?:is|are|was|were|has|had|equals|take|choose|assume|say|try)\b",
        rf"{I_GO} (?:try|test|guess) (?:with|setting|taking|[a-z] ?=|that)",
    ],
}
# Phrases anywhere in a sentence.
ANYWHERE: dict[Behaviour, list[str]] = {
    "hedges": [
        r"\b(?:maybe|perhaps|possibly|presumably|might|apparently|probably|likely)\b",
        r"\b(?:i guess|i suppose|i think|i believe|it seems|seems like)\b",
        r"\bnot (?:\w+ly |so |too |very |quite )?(?:sure|certain|clear|confident)\b",
        r"\b(?:could be|hard to (?:say|tell))\b",
        r"\b(?:i(?:['’]m| am)|getting|it['’]s) (?:\w+ )?(?:confus|unsure|stuck|tricky)",
        r"\b(?:seems|sounds|feels|looks) (?:\w+ )?(?:too|odd|off|low|high|strange|tricky|complicated|confusing)\b",
    ],
    "backtracking": [
        r"\b(?:another (?:idea|approach|way|thought|angle)|in circles|start over|think again)\b",
        r"\blet me (?:re-?think|reconsider|try again|think (?:about \w+ )?again|go back|step back)\b",
    ],
}
CHINESE: dict[Behaviour, list[str]] = {
    "verification": [
        "检查一下",
        "验证",
        "验算",
        "核对",
        "检验",
        "再检查",
        "确认一下",
        "代入.{0,8}(?:检|验|看)",
        "再算一遍",
        "重新算",
    ],
    "backtracking": [
        "不对",
        "等等",
        "等一下",
        "错了",
        "有误",
        "搞错",
        "算错",
        "回到",
        "重新(?:考虑|思考|来|审视)",
        "矛盾",
    ],
    "sub_goals": [
        "首先",
        "第[一二三四五六]步",
        "接下来",
        "下一步",
        "先(?:求|算|找|计算|考虑|分析)",
        "分成",
        "分为.{0,6}(?:步|情况|部分)",
    ],
    "hypotheses": ["假设", "假如", "如果", "设.{0,3}为", "不妨", "倘若"],
    "hedges": ["可能", "也许", "或许", "大概", "似乎", "好像", "不太确定", "不确定", "应该是吧", "我觉得", "我想"],
}
_OPENING = {name: re.compile("|".join(listed), re.IGNORECASE) for name, listed in OPENINGS.items()}
_ANYWHERE = {name: re.compile("|".join(listed), re.IGNORECASE) for name, listed in ANYWHERE.items()}
_CHINESE = {name: re.compile("|".join(listed)) for name, listed in CHINESE.items()}
HAN = re.compile("[㐀-鿿]")


def behaviours(sentence: str) -> frozenset[Behaviour]:
    """What one sentence does; most do none of these."""
    found: set[Behaviour] = {name for name, pattern in _ANYWHERE.items() if pattern.search(sentence)}
    if HAN.search(sentence):
        found |= {name for name, pattern in _CHINESE.items() if pattern.search(sentence)}
    kind = cue(sentence)
    if kind == "check":
        found.add("verification")
    if kind in ("backtrack", "alternative") or admits_error(sentence):
        found.add("backtracking")
    start = lead_of(folded(sentence))
    return frozenset(found | {name for name, pattern in _OPENING.items() if pattern.match(sentence, start)})
