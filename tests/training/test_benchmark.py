import gzip
import json
from pathlib import Path

import pytest

from curation.answers import compare
from curation.benchmarking.card import Card, Verifier
from curation.benchmarks import locate, shipped
from curation.errors import UserError
from curation.trace import Problem
from training.benchmark import Benchmark, asked_as, read, write
from training.evaluate import final_answer
from training.strategy import STRATEGIES

NUMERIC = Verifier("auto", "numeric")
ROWS = [{"question": "1 + 1?", "answer": "2", "subject": "easy"}, {"question": "2 + 2?", "answer": 4}]


def test_json_lines_become_problems(make_benchmark):
    wanted = (Problem("1 + 1?", "2", "bench", None, "easy"), Problem("2 + 2?", "4", "bench"))
    assert read(make_benchmark(ROWS)) == Benchmark("bench", wanted, NUMERIC)


def test_a_written_benchmark_reads_the_same(tmp_path):
    problems = (Problem("q", "1", "set", "test", "algebra", ("a.png",)), Problem("r", "2", "set"))
    write(problems, tmp_path / "bench.parquet")
    assert read(tmp_path / "bench.parquet") == Benchmark("bench", problems, NUMERIC)


def test_a_question_asked_twice_counts_once(make_benchmark):
    assert len(read(make_benchmark([*ROWS, ROWS[0]])).problems) == 2


def test_a_benchmark_without_answers_is_refused_at_its_first_such_row(make_benchmark):
    path = make_benchmark([ROWS[0], {"question": "why?"}, {"question": "who?"}])
    with pytest.raises(
        UserError, match=r"row 2: no answer, .* \(2 rows have none\); give .* bench.card.yaml: `fields: "
    ):
        read(path)


def test_a_card_names_the_column_of_the_answers(make_benchmark):
    path = make_benchmark([{"exercise": "1 + 1?", "result": {"value": 2}, "kind": "sums"}])
    fields = "fields: {question: exercise, answer: result.value, subject: kind}"
    path.with_name("bench.card.yaml").write_text(f"name: mine\nanswers: math\n{fields}\n")
    extra = '{"exercise": "1 + 1?", "result": {"value": 2}, "kind": "sums"}'
    assert read(path) == Benchmark("mine", (Problem("1 + 1?", "2", "bench", None, "sums", (), extra),))


def test_an_answer_of_zero_is_an_answer(make_benchmark):
    assert read(make_benchmark([{"question": "1 - 1?", "answer": 0}])).problems[0].reference == "0"


def test_a_row_without_question_names_its_fields(make_benchmark):
    with pytest.raises(UserError, match=r'row 1: no "question"; its fields: exercise, answer'):
        read(make_benchmark([{"exercise": "q", "answer": "1"}]))


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "bench.jsonl"
    path.write_text('{"question": "q", "answer": "1"}\n{"question"\n')
    with pytest.raises(UserError, match="row 2: not JSON.* Repair or remove this row"):
        read(path)


def test_an_empty_benchmark_is_refused(make_benchmark):
    with pytest.raises(UserError, match="has no problems"):
        read(make_benchmark([]))


def test_an_unknown_benchmark_lists_the_shipped_ones():
    with pytest.raises(UserError, match=f"There is no benchmark 'nope'; known: {', '.join(shipped()) or 'none'}"):
        locate("nope")


def test_public_benchmarks_are_read_as_they_come():
    folder = Path(__file__).resolve().parents[2] / "../shared/data/eval_sets"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    found = [read(folder / name) for name in ("amc23.jsonl", "aime24.jsonl.gz", "gaokao_math_cloze.jsonl")]
    assert [(benchmark.name, len(benchmark.problems)) for benchmark in found] == [
        ("amc23", 40),
        ("aime24", 30),
        ("gaokao_math_cloze", 116),  # 118 rows, two questions twice
    ]
    assert found[0].problems[0].reference == "27"


def test_an_imported_benchmark_is_found_by_name(tmp_path):
    write([Problem("1+1?", "2")], tmp_path / "mine.parquet")
    assert locate("mine", tmp_path) == tmp_path / "mine.parquet"
    with pytest.raises(UserError, match="There is no benchmark 'yours'; known: word_problems, mine"):
        locate("yours", tmp_path)


def agreeing(benchmark, judged):
    """How many judgements of solutions the benchmark's verifier repeats: (reference, solution, judged right)."""
    extractor, comparator = benchmark.verifier
    agreed = 0
    for reference, solution, right in judged:
        answer = final_answer(solution, reference, complete=True, extractor=extractor)
        agreed += right == (answer is not None and compare(answer, reference, comparator).equal)
    return agreed


def rows_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_gsm8ks_verifier_repeats_every_published_flag():
    folder = Path(__file__).resolve().parents[2] / "../shared/data/gsm8k_full"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    benchmark = read(folder / "test.jsonl.gz")
    references = {problem.question: problem.reference for problem in benchmark.problems}
    rows = rows_of(folder / "example_model_solutions.jsonl.gz")
    solutions = [(row["question"], one) for row in rows for one in row.values() if isinstance(one, dict)]
    judged = [(references[question], one["solution"], one["is_correct"]) for question, one in solutions]
    assert (agreeing(benchmark, judged), len(judged)) == (5276, 5276)


def test_aquas_verifier_repeats_the_judgements_of_another_harness():
    folder = Path(__file__).resolve().parents[2] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    rows = rows_of(folder / "student_evals" / "student_base_aqua.jsonl.gz")
    judged = [(row["gt"], row["code"][0], row["score"][0]) for row in rows]
    # the other one calls a boxed A wrong where the reference is A
    assert (agreeing(read(folder / "eval_sets" / "aqua.jsonl.gz"), judged), len(judged)) == (149, 150)


def test_a_benchmarks_own_instruction_is_used_where_none_was_given():
    card = Card(name="letters", instruction="{question} Answer with a letter.")
    assert asked_as(STRATEGIES.parse({"strategy": "greedy"}), card).instruction == "{question} Answer with a letter."
    own = STRATEGIES.parse({"strategy": "greedy", "instruction": "{question} Be short."})
    assert asked_as(own, card) == own
    vote = STRATEGIES.parse({"strategy": "vote"})
    assert asked_as(vote, card) == vote
