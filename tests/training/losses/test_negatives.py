import pytest
from worlds import sum_trace

from curation.backends.scripted import Scripted
from curation.trace import Problem
from training.losses.negatives import Sampling, distinct, kept, refresh, sources

PROBLEMS = [Problem(f"What is {number} + 1?", str(number + 1)) for number in range(100)]


def how(**changes):
    plain = {
        "k": 4,
        "phi": 0.5,
        "temperature": 0.8,
        "max_new_tokens": 50,
        "rouge_max": 1.0,
        "instruction": "{question}",
    }
    return Sampling(**plain | {"seed": 0} | changes)


def silent(done, total, label):
    pass


def always(text):
    return Scripted(lambda request: text)


def counting():
    """Wrong answers no two of which are alike."""
    answers = iter(range(10**6, 10**7))
    return Scripted(lambda request: f"The answer is {next(answers)}.")


def drawn(folder, stage, model, problems=PROBLEMS, **changes):
    return refresh(model, problems, stage, how(**changes), folder, silent)


@pytest.mark.parametrize(("phi", "source"), [(0.0, "initial"), (1.0, "latest")])
def test_phi_zero_is_off_policy_and_phi_one_on_policy(tmp_path, phi, source):
    for stage in (0, 1, 2):
        rows = drawn(tmp_path, stage, counting(), phi=phi)
        assert {row["negative_source"] for row in rows} == {source}
        assert len(rows) == 400


def test_phi_one_half_takes_about_half_of_each_and_the_same_each_time(tmp_path):
    drawn(tmp_path, 0, counting())
    found = [row["negative_source"] for row in drawn(tmp_path, 1, counting())]
    assert abs(found.count("latest") - 200) <= 3 * (400 * 0.25) ** 0.5
    assert found == [source for problem in PROBLEMS for source in sources(problem.id, 1, how())]
    assert sources("p", 1, how(k=50)) != sources("p", 2, how(k=50))


def test_only_the_newest_student_is_asked_after_the_first_stage(tmp_path):
    first, later = always("The answer is 700."), always("It must be 900.")
    drawn(tmp_path, 0, first)
    rows = drawn(tmp_path, 1, later)
    latest = [row for row in rows if row["negative_source"] == "latest"]
    assert (len(first.asked), len(later.asked)) == (400, len(latest))
    assert {row["text"] for row in latest} == {"It must be 900."}
    assert {(row["text"], row["checkpoint"]) for row in rows if row not in latest} == {("The answer is 700.", 0)}
    assert {row["checkpoint"] for row in latest} == {1}


def test_a_resumed_run_draws_only_what_is_missing(tmp_path):
    whole = drawn(tmp_path, 0, counting())
    (tmp_path / "0" / "part-00001.parquet").unlink()
    again = counting()
    rows = drawn(tmp_path, 0, again)
    assert len(again.asked) == (100 - 64) * 4
    assert rows[: 64 * 4] == whole[: 64 * 4]
    assert len(rows) == 400
    assert drawn(tmp_path, 0, Scripted([])) == rows


def test_a_stopped_run_keeps_the_parts_it_finished(tmp_path):
    def stop(done, total, label):
        assert (total, label) == (400, "negatives")
        if done > 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(counting(), PROBLEMS, 0, how(), tmp_path, stop)
    assert [path.name for path in (tmp_path / "0").iterdir()] == ["part-00000.parquet"]


def test_right_answers_empty_ones_and_near_copies_are_no_negatives(tmp_path):
    texts = [
        "The answer is 3.",  # right
        " .\n",
        "one two three four five six seven eight nine ten",
        "one two three four five six seven eight nine eleven",  # ROUGE-L .9 with the one before
        "a b c d e",
        "a b c d f",  # exactly .8 with the one before
        "I do not know",
    ]
    rows = drawn(tmp_path, 0, Scripted(texts), [Problem("1 + 2?", "3")], k=7, rouge_max=0.8)
    assert [row["verdict"] for row in rows] == ["right", "empty", "kept", "near_copy", "kept", "kept", "kept"]
    assert [row["place"] for rows in kept(rows).values() for row in rows] == [2, 4, 5, 6]
    assert rows[0]["answer"] == "3"


def test_each_draw_has_its_own_seed_and_the_prompt_of_training(tmp_path):
    model = counting()
    drawn(tmp_path, 0, model, instruction="{question} Think.")
    assert len({request.seed for request in model.asked}) == 400
    first = model.asked[0]
    assert first.prompt == ({"role": "user", "content": "What is 0 + 1? Think."},)
    assert (first.temperature, first.max_new_tokens) == (0.8, 50)


def test_right_traces_too_near_to_one_before_are_passed_over():
    first, second, third = sum_trace(1, 2), sum_trace(1, 2), sum_trace(30, 40)
    assert distinct([first, second, third], 8, 0.8) == [first, third]
    assert distinct([first, second, third], 1, 0.8) == [first]
