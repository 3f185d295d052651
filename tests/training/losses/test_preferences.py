from itertools import chain

import pytest
from preference_worlds import judged_sums, task_of

from curation.exports.pairs import Pair, Pairs
from training.losses.preferences import (
    PairCollator,
    Preference,
    SplitCollator,
    flagged,
    pairs_of,
    prefer,
    right_traces,
)
from training.objectives.dpo import Dpo
from training.rows.data import render

PAIR = Preference([1, 2], [3, 4, 5], [3, 6])


def test_a_pair_is_what_fine_tuning_shows_of_both_traces(tokenizer, make_set, student_folder, tmp_path):
    task = task_of(make_set(judged_sums(1)), student_folder, tmp_path)
    [pair] = pairs_of(task, Pairs(right="given_correct"))
    found = prefer(tokenizer, pair, 1000)
    right, wrong = (render(tokenizer, trace, 1000) for trace in task.traces)
    assert found.prompt + found.chosen == right.token_ids
    assert found.prompt + found.rejected == wrong.token_ids
    assert tokenizer.decode(found.prompt) == "<|u|>What is 0 + 1?<|a|>"


def test_a_pair_is_cut_row_by_row(tokenizer):
    found = prefer(tokenizer, Pair("q", "abcdef", "xy", "", ""), 6)
    assert [tokenizer.decode(ids) for ids in (found.prompt, found.chosen, found.rejected)] == [
        "<|u|>q<|a|>",
        "abc",
        "xy<|e|>",
    ]


def test_a_pair_cut_to_the_same_tokens_tells_nothing(tokenizer):
    pair = Pair("q", "same, then right", "same, then wrong", "", "")
    assert [prefer(tokenizer, pair, limit).tells for limit in (10, 100)] == [False, True]


def test_the_shared_beginning_moves_to_the_prompt_and_each_side_keeps_a_token():
    assert PAIR.share_prefix() == Preference([1, 2, 3], [4, 5], [6])
    assert Preference([1], [3, 4], [3, 4, 5]).share_prefix() == Preference([1, 3], [4], [4, 5])


def test_tokens_are_those_of_both_rows_and_width_is_padded():
    assert (PAIR.tokens, PAIR.width) == (9, 10)


def test_dpo_reads_chosen_rows_above_rejected_ones():
    batch = PairCollator([PAIR, Preference([7], [8], [9])], 0)([{"rows": [0, 1]}])
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        "input_ids": [[1, 2, 3, 4, 5], [7, 8, 0, 0, 0], [1, 2, 3, 6, 0], [7, 9, 0, 0, 0]],
        "attention_mask": [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 0], [1, 1, 0, 0, 0]],
        "completion_mask": [[0, 0, 1, 1, 1], [0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 0, 0, 0]],
    }


def test_orpo_reads_each_side_apart():
    batch = SplitCollator([PAIR], 0)([{"rows": [0]}])
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        "input_ids": [[1, 2, 3, 4, 5], [1, 2, 3, 6, 0]],
        "attention_mask": [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]],
        "chosen_input_ids": [[1, 2, 3, 4, 5]],
        "chosen_attention_mask": [[1, 1, 1, 1, 1]],
        "chosen_labels": [[-100, -100, 3, 4, 5]],
        "rejected_input_ids": [[1, 2, 3, 6]],
        "rejected_attention_mask": [[1, 1, 1, 1]],
        "rejected_labels": [[-100, -100, 3, 6]],
    }


def test_only_traces_of_the_task_are_paired(make_set, student_folder, tmp_path):
    task = task_of(make_set(judged_sums(3)), student_folder, tmp_path)
    some = task_of(task.curated, student_folder, tmp_path, traces=task.traces[:4])
    choice = Pairs(right="given_correct")
    assert [len(pairs_of(one, choice)) for one in (task, some)] == [3, 2]
    assert flagged(some.curated, some.traces, "given_correct") == {
        trace.id: flag for trace, flag in zip(task.traces[:4], [True, False] * 2, strict=True)
    }
    assert [len(traces) for traces in right_traces(some, "given_correct").values()] == [1, 1]


def test_several_processes_have_as_many_pairs_in_every_batch(make_set, student_folder, tmp_path, monkeypatch):
    task = task_of(make_set(judged_sums(3)), student_folder, tmp_path)
    pairs = [Preference([1], [2] * size, [3]) for size in range(1, 24)]
    objective = Dpo(batch_tokens=150)
    alone = objective.plan(task, pairs, None, 1).batches
    assert sorted(chain(*alone)) == list(range(23))
    assert len({len(batch) for batch in alone}) > 1
    monkeypatch.setenv("WORLD_SIZE", "2")
    shared = objective.plan(task, pairs, None, 1).batches
    assert {len(batch) for batch in shared} == {3}  # of at most 48 padded tokens each
    assert set(chain(*shared)) == set(range(23))


def test_the_loss_on_held_out_problems_is_that_of_right_traces(make_set, student_folder, tmp_path):
    task = task_of(make_set(judged_sums(3)), student_folder, tmp_path)
    split = task_of(
        task.curated, student_folder, tmp_path, traces=task.traces[:2], held_out=task.traces[2:]
    )  # fmt: skip
    rows = Dpo(right="given_correct", instruction="{question} Think.").held_out_rows(split)
    assert [row.trace_id for row in rows] == [task.traces[2].id, task.traces[4].id]
    assert rows[0].text.startswith("<|u|>What is 1 + 2? Think.<|a|>")


@pytest.mark.parametrize(
    ("kept", "lacking"), [(True, "5 right and 0 wrong traces .* keep wrong"), (False, "0 right and 5 wrong .* right")]
)
def test_a_set_of_one_kind_gives_no_pair_and_says_so(make_set, student_folder, tmp_path, kept, lacking):
    from curation.errors import UserError

    traces = [trace for trace in judged_sums(5) if trace.given_correct is kept]
    task = task_of(make_set(traces), student_folder, tmp_path)
    with pytest.raises(UserError, match=lacking):
        pairs_of(task, Pairs(right="given_correct"))
