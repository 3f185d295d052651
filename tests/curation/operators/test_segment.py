from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.operators.segment import SegmentReasoning
from curation.texts.cues import cue
from curation.trace import Problem, Trace, tiles

QUESTION = "Ana has 60 stamps. She gives away 15. She sells half of them. How many stamps does Ana have now?"
REASONING = (
    "Okay, so I need to find how many stamps Ana has at the end.\n\n"
    "Hmm, let me think about this for a moment.\n\n"
    "Step 1: She gives away 15, so 60 - 15 = 55. Wait, that is not right. Step 1: 60 - 15 = 45. "
    "Step 2: She sells half, so 45 / 2 = 22.5.\n\n"
    "Let me double-check the sums. 60 - 15 = 45 is right. 45 / 2 = 22.5 holds.\n\n"
    "Alternatively, I can go backward from 22.5. 22.5 * 2 = 45.\n\n"
    "So Ana has 22.5 stamps now."
)


def named(reasoning, splitter="blank_line", question=QUESTION, **fields):
    trace = Trace(Problem(question), reasoning)
    segments = SegmentReasoning(splitter=splitter, **fields).annotate(trace).segments
    return [(s.kind, reasoning[s.start : s.stop]) for s in segments]


def test_paragraphs_are_named_by_what_they_do():
    assert [kind for kind, _ in named(REASONING)] == [
        "restate",
        "filler",
        "attempt",
        "check",
        "alternative",
        "answer",
    ]


def test_sentences_inside_a_paragraph_go_on_with_what_it_does():
    assert named(REASONING, "sentence") == [
        ("restate", "Okay, so I need to find how many stamps Ana has at the end.\n\n"),
        ("filler", "Hmm, let me think about this for a moment.\n\n"),
        ("attempt", "Step 1: She gives away 15, so 60 - 15 = 55. "),
        ("backtrack", "Wait, that is not right. "),
        ("attempt", "Step 1: 60 - 15 = 45. "),
        ("attempt", "Step 2: She sells half, so 45 / 2 = 22.5.\n\n"),
        ("check", "Let me double-check the sums. "),
        ("check", "60 - 15 = 45 is right. "),
        ("check", "45 / 2 = 22.5 holds.\n\n"),
        ("alternative", "Alternatively, I can go backward from 22.5. "),
        ("alternative", "22.5 * 2 = 45.\n\n"),
        ("answer", "So Ana has 22.5 stamps now."),
    ]


def test_scores_count_the_segments_that_look_back():
    assert SegmentReasoning(splitter="sentence").annotate(Trace(Problem(QUESTION), REASONING)).scores == {
        "n_segments": 12,
        "n_checks": 3,
        "n_backtracks": 1,
        "n_alternatives": 2,
        "attempt_share": pytest.approx(109 / len(REASONING)),
    }


def test_empty_reasoning_has_no_segments_and_an_unknown_share():
    annotation = SegmentReasoning().annotate(Trace(Problem("q"), ""))
    assert annotation.segments == ()
    assert annotation.scores == {
        "n_segments": 0,
        "n_checks": 0,
        "n_backtracks": 0,
        "n_alternatives": 0,
        "attempt_share": None,
    }


def test_white_space_alone_is_one_segment():
    assert named("\n\n \n") == [("filler", "\n\n \n")]


def test_leading_blank_lines_belong_to_the_first_segment():
    assert [text for _, text in named("\n\n a = 1\n\n b = 2\n\n")] == ["\n\n a = 1\n\n ", "b = 2\n\n"]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith vs. Mr. Jones, e.g. Ana, see Fig. 3 and Eq. 4",
        "It costs 3.50 dollars, i.e. Ten less",
        r"We have \( f(x) = 1. Then \) and $x = 2. Y$ in one formula",
        "\\[ a = 1. \n\nB = 2. \\] is displayed",
        "```python\nx = 1. \n\nprint(x)\n```\nis code",
        "1. Multiply both sides",
        "Step 2. Add them",
    ],
)
def test_text_that_only_looks_like_an_ending_is_not_split(text):
    assert [part for _, part in named(text, "sentence")] == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It is 5. Then 6! Is it? Yes.", ["It is 5. ", "Then 6! ", "Is it? ", "Yes."]),
        ('He said "no." She left.', ['He said "no." ', "She left."]),
        ("第一步。第二步！", ["第一步。", "第二步！"]),
        ("a = 1\nB = 2\nand so on", ["a = 1\n", "B = 2\nand so on"]),
        ("It costs $5. He has $6. So yes.", ["It costs $5. ", "He has $6. ", "So yes."]),
        ("An unclosed \\[ mark. Next one.\n\nNew.", ["An unclosed \\[ mark. ", "Next one.\n\n", "New."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, parts):
    assert [part for _, part in named(text, "sentence")] == parts


def test_newline_splits_every_line_but_not_code():
    text = "a\nb\n\nc\n```\nx\n\ny\n```\nd"
    assert [part for _, part in named(text, "newline")] == ["a\n", "b\n\n", "c\n", "```\nx\n\ny\n```\n", "d"]


def test_short_paragraphs_stay_whole_below_the_stated_length():
    text = "One is 1. Two is 2.\n\n" + "Three is 3. " * 10
    parts = [part for _, part in named(text, "sentence", sentences_over=50)]
    assert parts == ["One is 1. Two is 2.\n\n"] + ["Three is 3. "] * 10


def test_an_announcement_names_the_paragraph_behind_it():
    text = "x = 4\n\nLet me verify this:\n\n4 + 4 = 8\n\ny = 5"
    assert [kind for kind, _ in named(text)] == ["attempt", "check", "check", "attempt"]


def test_a_conclusion_heading_names_what_stands_under_it():
    text = "x = 4\n\n**Conclusion**:\nIt takes 4 days.\n\n### Final answer\n\nFour."
    assert [kind for kind, _ in named(text, "sentence", question="q")] == ["attempt"] + ["answer"] * 4


def test_think_tags_left_in_the_text_break_nothing():
    text = "<think>\nOkay, so I need to find x.\n\n</think><think>\n\nWait, no, that is a mistake."
    assert [kind for kind, _ in named(text, question="q")] == ["restate", "filler", "backtrack"]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Wait, that's wrong.", "backtrack"),
        ("Hmm, wait, I slipped.", "backtrack"),
        ("But that can't be right because it is negative.", "backtrack"),
        ("That is right.", None),
        ("Wait, is that right?", "check"),
        ("Wait, let me check that again.", "check"),
        ("To verify, I add it up.", "check"),
        ("Another way is to undo the steps.", "alternative"),
        ("Wait, another approach would be to factor.", "alternative"),
        ("Let me think differently.", "alternative"),
        ("Alternatively, maybe there is a mistake in it.", "alternative"),
        ("This contradicts what I found.", "backtrack"),
        ("Let me read the question again.", "check"),
        ("Therefore, the answer is 5.", "answer"),
        ("**Answer**: 5 minutes.", "answer"),
        ("Is the answer 5?", None),
        ("**Final Answer**", "answer"),
        (r"So \boxed{5}.", "answer"),
        ("Let me break this down.", "plan"),
        ("Hmm.", "filler"),
        ("Okay, so", "filler"),
        ("Okay, x = 5.", None),
        ("There is no one here.", None),
    ],
)
def test_cues_name_a_sentence(sentence, kind):
    assert cue(sentence) == kind


@pytest.mark.parametrize("splitter", ["blank_line", "sentence", "newline"])
def test_segments_tile_every_shared_text(shared_texts, splitter):
    operator = SegmentReasoning(splitter=splitter)
    broken = [text[:80] for text in shared_texts if not tiles(operator.segments(Trace(Problem("q"), text)), text)]
    assert broken == []


@given(
    st.text(alphabet=st.sampled_from("aB1.!?\n \t\\[]()$`。\u2028\r\x00é\ud800"), max_size=80),
    st.sampled_from(["blank_line", "sentence", "newline"]),
)
def test_segments_tile_any_text(text, splitter):
    operator, trace = SegmentReasoning(splitter=splitter), Trace(Problem("q"), text)
    assert tiles(operator.segments(trace), text)
    assert operator.annotate(trace) == operator.annotate(trace)


@pytest.mark.parametrize("unit", ["a", ".", " ", "\n", "\\[", "$a ", ". ", "```", "\n ", "wait ", "so "])
def test_a_megabyte_of_one_thing_is_tiled(unit):
    text = unit * (300_000 // len(unit))
    assert tiles(SegmentReasoning(splitter="sentence").segments(Trace(Problem("q"), text)), text)


# The labels were given by a language model to sentences of R1-style traces; the groups are what ours mean by them.
GROUPS = {
    "Backtracking": {"backtrack", "alternative", "check"},
    "Deduction": {"attempt", "plan", "restate"},
    "Adding Knowledge": {"attempt", "plan", "restate"},
    "Example Testing": {"attempt", "plan", "restate"},
    "Initializing": {"attempt", "plan", "restate", "filler"},
}


def test_letters_that_re_takes_for_small_ones_are_cues_too():
    sentences = ["WAİT, THAT İS WRONG.", "Waıt, that iſ wrong.", "Let me checK this.", "ONE IS MORE."]
    assert [cue(sentence) for sentence in sentences] == ["backtrack", "backtrack", "check", None]


def test_cues_agree_with_labelled_sentences(shared_rows):
    agreed, total = Counter(), Counter()
    for row in shared_rows("thought_anchors/labelled_chunks_entropy.json.gz"):
        for chunk in row["chunks"]:
            if chunk["category"] in GROUPS:
                total[chunk["category"]] += 1
                agreed[chunk["category"]] += (cue(chunk["text"]) or "attempt") in GROUPS[chunk["category"]]
    rates = {category: agreed[category] / total[category] for category in GROUPS}
    floors = {
        "Backtracking": 0.72,
        "Deduction": 0.90,
        "Adding Knowledge": 0.86,
        "Example Testing": 0.83,
        "Initializing": 0.97,
    }
    assert {category for category in GROUPS if rates[category] < floors[category]} == set(), rates
