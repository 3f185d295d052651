import pytest
from worlds import TEMPLATE, sum_trace

from curation.errors import UserError
from curation.trace import Problem, Trace
from training.rows.data import IGNORED, check, pieces, render


def made(reasoning="1 + 2 = 3.", answer="3"):
    return Trace(Problem("1 + 2?", "3"), reasoning, answer)


def shown(tokenizer, row, trained):
    return "".join(piece.text for piece in pieces(tokenizer, row) if piece.trained is trained)


def test_exactly_the_completion_and_the_end_token_are_trained(tokenizer):
    row = render(tokenizer, made(), 1000)
    assert shown(tokenizer, row, False) == "<|u|>1 + 2?<|a|>"
    assert shown(tokenizer, row, True) == "<think>\n1 + 2 = 3.\n</think>\n3<|e|>"
    assert row.defects == ()


def test_a_trace_without_reasoning_has_no_think_block(tokenizer):
    row = render(tokenizer, made(reasoning=""), 1000)
    assert shown(tokenizer, row, True) == "3<|e|>"


def test_labels_are_the_tokens_of_the_completion(tokenizer):
    row = render(tokenizer, made(reasoning="", answer="3"), 1000)
    n = len(tokenizer("<|u|>1 + 2?<|a|>", add_special_tokens=False)["input_ids"])
    assert row.labels == [IGNORED] * n + row.token_ids[n:]
    assert row.trained == 2


def test_labels_equal_those_trl_makes_of_prompt_and_completion(tokenizer, student_folder, tmp_path):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    trace = sum_trace(3, 4)
    completion = f"<think>\n{trace.reasoning}\n</think>\n{trace.answer}"
    rows = {
        "prompt": [[{"role": "user", "content": trace.question}]],
        "completion": [[{"role": "assistant", "content": completion}]],
    }
    config = SFTConfig(str(tmp_path), max_length=40, bf16=False, use_cpu=True, report_to="none")
    trainer = SFTTrainer(
        str(student_folder), config, train_dataset=Dataset.from_dict(rows), processing_class=tokenizer
    )
    row = render(tokenizer, trace, 40)
    assert trainer.train_dataset[0]["input_ids"] == row.token_ids[: row.kept]
    assert trainer.train_dataset[0]["labels"] == row.labels


def test_pieces_of_a_letter_of_several_tokens_show_it_once(tokenizer):
    row = render(tokenizer, made(answer="é"), 1000)
    assert "".join(piece.text for piece in pieces(tokenizer, row)) == row.text


def test_truncation_is_shown_where_it_cuts(tokenizer):
    row = render(tokenizer, made(), 15)
    assert row.defects == ("answer_cut",)
    kept = "".join(piece.text for piece in pieces(tokenizer, row) if not piece.cut)
    assert kept == "<|u|>1 + 2?<|a|><think>"
    assert len(row.labels) == 15


def test_a_prompt_that_fills_the_row_leaves_nothing_to_train(tokenizer):
    row = render(tokenizer, made(), 5)
    assert row.trained == 0
    assert row.defects == ("no_trained_token", "answer_cut")


def test_think_tags_inside_the_reasoning_are_doubled(tokenizer):
    assert render(tokenizer, made(reasoning="<think>a</think>"), 1000).defects == ("doubled_think",)


def test_a_think_tag_that_is_never_closed_is_an_orphan(tokenizer):
    assert render(tokenizer, made(reasoning="", answer="<think> on and on"), 1000).defects == ("orphan_think",)


def test_a_template_that_opens_the_think_block_itself_doubles_it(tokenizer):
    tokenizer.chat_template = TEMPLATE.replace("<|a|>{{", "<|a|><think>\n{{")
    row = render(tokenizer, made(), 1000)
    tokenizer.chat_template = TEMPLATE
    assert row.defects == ("doubled_think", "orphan_think")


def test_a_template_that_strips_the_reasoning_is_noticed(tokenizer):
    stripping = "<|a|>{{ message['content'].split('</think>')[-1] }}"
    tokenizer.chat_template = TEMPLATE.replace("<|a|>{{ message['content'] }}", stripping)
    row = render(tokenizer, made(), 1000)
    tokenizer.chat_template = TEMPLATE
    assert row.defects == ("text_lost",)


def test_counts_of_a_set_are_exact(tokenizer):
    rows = [render(tokenizer, made(reasoning=""), 15), render(tokenizer, made(), 15)]
    report = check(rows)
    assert (report.rows, report.tokens, report.trained_tokens) == (2, 10 + 15, 2 + 7)
    assert report.defects["answer_cut"] == 1


def test_a_set_without_a_trained_token_is_refused(tokenizer):
    report = check([render(tokenizer, made(), 5)])
    with pytest.raises(UserError, match=r"None of the 1 rows .* No token is trained; raise max_length"):
        report.refuse()


def test_a_row_is_cut_where_the_model_ends(tokenizer):
    tokenizer.model_max_length = 15
    row = render(tokenizer, made(), 1000)
    tokenizer.model_max_length = 10**30
    assert (row.kept, row.defects) == (15, ("answer_cut",))
