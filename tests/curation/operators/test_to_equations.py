from curation.operators.to_equations import ToEquations
from curation.trace import Problem, Segment, Trace, tiles


def test_only_the_equations_stay_one_a_line_and_each_a_segment(make_trace):
    trace = make_trace("Half: 48/2=<<48/2=24>>24 clips.\nTogether <<48+24=72>>72.", answer="72")
    (made,) = ToEquations().map(trace)
    assert made.reasoning == "<<48/2=24>>\n<<48+24=72>>"
    assert made.segments == (Segment(0, 12, "attempt"), Segment(12, 24, "attempt"))
    assert (made.answer, made.form, made.parent_id) == ("72", "cot", trace.id)


def test_a_trace_without_equations_is_left_out():
    assert ToEquations().map(Trace(Problem("q"), "2 + 2 = 4", "4")) == []


def test_every_marked_solution_of_gsm8k_becomes_equations(shared_rows):
    traces = [Trace(Problem(row["question"]), row["answer"]) for row in shared_rows("gsm8k_full/train.jsonl.gz")]
    made = [child for trace in traces for child in ToEquations().map(trace)]
    assert len(made) == 7378
    assert sum(len(child.segments) for child in made) == 23716
    assert all(tiles(child.segments, child.reasoning) for child in made)
