import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import UserError
from curation.imports.detect import detect
from curation.imports.layouts import Context, convert
from curation.imports.layouts.columns import steps_of
from curation.imports.mapping import Mapping, check_mapping, parse_mapping
from curation.trace import Problem, Segment

CONTEXT = Context("f.jsonl", 7, "f")
T = "<think>a</think>b"
ASK = {"role": "user", "content": "q"}


def traces(row, mapping=None):
    converted = convert(row, mapping or detect([row]), CONTEXT)
    return [(t.question, t.reasoning, t.answer, t.problem.reference, t.given_correct) for t in converted.traces]


ROWS = {
    "think": ({"question": "q", "generation": T}, [("q", "a", "b", None, None)]),
    "r1 with flags": (
        {"problem": "q", "answer": "4", "generations": [T, "<think>c</think>d"], "correctness": [True, False]},
        [("q", "a", "b", "4", True), ("q", "c", "d", "4", False)],
    ),
    "generations beside messages": (
        {"problem": "q", "solution": "s", "answer": "4", "generations": [T, "x"], "messages": [ASK]},
        [("q", "a", "b", "4", None), ("q", "x", "", "4", None)],
    ),
    "numbered columns": (
        {"question": "q", "final_answer": "4", "r1_solution_1": T, "r1_solution_2": "x"},
        [("q", "a", "b", "4", None), ("q", "x", "", "4", None)],
    ),
    "reasoning and solution": (
        {"problem": "q", "deepseek_reasoning": "a", "deepseek_solution": "b", "ground_truth_solution": "s\n#### 4"},
        [("q", "a", "b", "4", None)],
    ),
    "thinking beside output": (
        {"prompt": "q", "thinking": ["a", "c"], "output": ["b", "d"], "llm": "m"},
        [("q", "a", "b", None, None), ("q", "c", "d", None, None)],
    ),
    "messages": ({"messages": [ASK, {"role": "assistant", "content": T}]}, [("q", "a", "b", None, None)]),
    "reasoning_content": (
        {"messages": [ASK, {"role": "assistant", "content": "b", "reasoning_content": "a"}]},
        [("q", "a", "b", None, None)],
    ),
    "typed parts": (
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "q"}]},
                {"role": "assistant", "content": [{"type": "reasoning", "text": "a"}, {"type": "text", "text": "b"}]},
            ]
        },
        [("q", "a", "b", None, None)],
    ),
    "several turns": (
        {"messages": [ASK, {"role": "assistant", "content": "x"}, ASK, {"role": "assistant", "content": "b"}]},
        [("q", "assistant: x\n\nuser: q", "b", None, None)],
    ),
    "thinking in the last of several turns": (
        {"messages": [ASK, {"role": "assistant", "content": "x"}, ASK, {"role": "assistant", "content": T}]},
        [("q", "assistant: x\n\nuser: q\n\nassistant: a", "b", None, None)],
    ),
    "sharegpt": (
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": T}]},
        [("q", "a", "b", None, None)],
    ),
    "alpaca": ({"instruction": "q", "input": "1", "output": "a"}, [("q\n1", "a", "", None, None)]),
    "prompt and completion": ({"prompt": "q", "completion": "\n" + T}, [("q", "a", "b", None, None)]),
    "rationale": ({"question": "q", "rationale": "a", "answer": "4"}, [("q", "a", "4", "4", None)]),
    "gsm8k": ({"question": "q", "answer": "a\n#### 4"}, [("q", "a", "4", "4", None)]),
    "a column per model": (
        {
            "question": "q",
            "ground_truth": "x\n#### 4",
            "small": {"solution": "a", "is_correct": False},
            "large": {"solution": "b", "is_correct": True},
        },
        [("q", "a", "", "4", False), ("q", "b", "", "4", True)],
    ),
    "list of completions": (
        {"question": "q", "expected_answer": "4", "completions": [{"full_model_response": T, "score": 1.0}]},
        [("q", "a", "b", "4", True)],
    ),
    "steps": ({"problem": "q", "steps": ["a", "b"], "label": -1}, [("q", "a\nb", "", None, None)]),
    "pair": (
        {"prompt": "q", "chosen": T, "rejected": "c"},
        [("q", "a", "b", None, None), ("q", "c", "", None, None)],
    ),
    "options": (
        {"question": "q", "options": ["x", "y"], "rationale": "a", "correct": "B"},
        [("q\nA) x\nB) y", "a", "", "B", None)],
    ),
    "lettered options": (
        {"question": "q", "options": {"A": "x", "B": "y"}, "cot": "a", "answer": "x"},
        [("q\nA) x\nB) y", "a", "x", "x", None)],
    ),
    "tree": (
        {"trace": {"0": {"user_question": "q", "ost_step": {"1": "a"}}, "1": {"direct_answer": {"text": "b"}}}},
        [("q", "a", "b", None, None)],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_layout_is_found_by_itself(name):
    row, expected = ROWS[name]
    assert traces(row) == expected


def test_question_with_reference_and_no_solution_is_a_problem():
    row = {"problem": "q", "answer": 27.0, "subject": "algebra"}
    assert convert(row, detect([row]), CONTEXT).problem == Problem("q", "27", "f", None, "algebra")


def test_an_empty_solution_among_several_is_a_reason_and_the_others_keep_their_number():
    row = {"question": "q", "output": ["", T, None]}
    converted = convert(row, detect([row]), CONTEXT)
    assert [(trace.sample, trace.line, trace.source) for trace in converted.traces] == [(1, 7, "f.jsonl")]
    assert converted.reasons == ["solution 1 of 3 is empty", "solution 3 of 3 is empty"]


def test_rows_without_question_or_solution_say_what_is_missing():
    mapping = detect([{"question": "q", "reasoning": "a", "output": "b"}])
    assert convert({"output": "b"}, mapping, CONTEXT).reasons == ["no question in question"]
    reasons = convert({"question": "q"}, mapping, CONTEXT).reasons
    assert reasons == ["no reasoning, output or answer in reasoning, output"]


def test_values_nobody_mapped_are_kept_and_repeated_texts_and_bytes_are_not():
    long = "a" * 300
    row = {"question": "q", "output": long, "copy": long, "level": 3, "image_data": b"123", "empty": None}
    (trace,) = convert(row, Mapping(question="question", output="output"), CONTEXT).traces
    assert trace.extra == '{"image_data":"3 bytes","level":3}'


def test_values_parallel_to_the_solutions_go_to_their_own_trace():
    row = {"question": "q", "output": ["a", "b"], "tokens": [1, 2]}
    found = [trace.extra for trace in convert(row, detect([row]), CONTEXT).traces]
    assert found == ['{"tokens":1}', '{"tokens":2}']


def test_text_before_the_tags_is_kept():
    row = {"question": "q", "output": "Hm. " + T}
    assert convert(row, detect([row]), CONTEXT).traces[0].extra == '{"before":"Hm."}'


def test_tool_calls_make_an_agent_trace():
    turns = [
        ASK,
        {"role": "assistant", "content": None, "tool_calls": [{"name": "f"}]},
        {"role": "tool", "content": "1"},
    ]
    row = {"messages": [*turns, {"role": "assistant", "content": "b"}]}
    (trace,) = convert(row, detect([row]), CONTEXT).traces
    assert (trace.form, trace.answer) == ("agent", "b")
    assert trace.reasoning == 'assistant: {"tool_calls":[{"name":"f"}]}\n\ntool: 1'


def test_programs_are_found():
    rows = [{"question": "q", "generated": "x = 3\nprint(x)"}]
    assert detect(rows).form == "pot"


def test_mapping_is_read_from_text_and_written_back():
    mapping = parse_mapping("question=a.b|c, output=d,layout=samples,samples=*")
    assert mapping == Mapping(layout="samples", question="a.b|c", output="d", samples="*")
    assert parse_mapping(mapping.text()) == mapping


def test_nested_and_alternative_columns_are_read():
    mapping = parse_mapping("question=meta.q|meta.p,output=runs.0.text")
    assert traces({"meta": {"p": "q"}, "runs": [{"text": T}]}, mapping) == [("q", "a", "b", None, None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question", "Mapping 'question' is not of the form field=column"),
        ("questoin=a", "Unknown mapping field 'questoin'; known: answer, "),
        ("layout=rows", "Mapping field 'layout': use 'columns'.* found 'rows'"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_explained(text, message):
    with pytest.raises(UserError, match=message):
        parse_mapping(text)


def test_a_mapped_column_that_is_absent_names_those_found():
    with pytest.raises(UserError, match=r"f.json has no column 'prompt' for question; its columns: a, b\."):
        check_mapping(Mapping(question="prompt"), [{"b": 1, "a": 2}], "f.json")


NAMES = ["question", "problem", "output", "thinking", "messages", "conversations", "completions", "answer", "chosen"]
NAMES += ["rejected", "role", "content", "options", "steps", "trace", "correct", "text", "solution", "0", "images"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "q", T]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(OBJECTS, min_size=1, max_size=3))
def test_every_row_becomes_traces_or_a_problem_or_a_reason(rows):
    mapping = detect(rows)
    for row in rows:
        converted = convert(row, mapping, CONTEXT)
        assert converted.traces or converted.problem or converted.reasons
        assert all(json.loads(trace.extra) is not None for trace in converted.traces)


def test_a_row_that_does_not_fit_the_layout_says_so():
    mapping = Mapping(layout="messages", messages="messages")
    assert convert({"messages": 3}, mapping, CONTEXT).reasons == [
        "the row does not fit the messages layout: TypeError: 'int' object is not iterable"
    ]


def test_a_list_of_steps_keeps_its_borders_as_segments():
    steps = ["First:\n1 + 1 = 2", "So 2.", "So 2."]
    assert steps_of("First:\n1 + 1 = 2\nSo 2.\nSo 2.", steps) == (
        Segment(0, 17, "attempt"), Segment(17, 23, "attempt"), Segment(23, 28, "attempt"),
    )  # fmt: skip
    assert steps_of("Another text", steps) == steps_of("", None) == steps_of("text", "text") == ()
