import pytest

from curation.backends.scripted import Scripted
from curation.backends.transformers_model import TransformersModel
from curation.decoding import LOGITS, Prompt, decode, draw, fitting
from curation.errors import UserError
from curation.models import Completion, Request, ask, begun, log_probs

QUESTIONS = ["1+1?", "What is a long question about nothing at all?", "Why?", "Two and two are how many, if any?"]
LIMIT = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random Llama with a byte tokenizer; its large weights make greedy answers uneven in length."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special, alphabet = ["<|pad|>", "<|e|>"], sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({token: place for place, token in enumerate(special + alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<|pad|>", eos_token="<|e|>")
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}>"
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, pad_token_id=0, eos_token_id=list(range(1, 9)),
        bos_token_id=None, initializer_range=0.3,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("models") / "tiny"
    LlamaForCausalLM(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def reference(model, question):
    """What transformers' own generate answers, one prompt at a time."""
    import torch

    ids = torch.tensor([model.tokenizer(model.render(ask(question)))["input_ids"]])
    made = model.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=LIMIT)
    return tuple(made[0, ids.shape[1] :].tolist())


def test_batched_greedy_answers_equal_generate_token_for_token(folder):
    model = TransformersModel.open(str(folder), batch_size=3)
    found = [answer.token_ids for answer in model.complete([Request(ask(q), LIMIT) for q in QUESTIONS])]
    assert found == [reference(model, question) for question in QUESTIONS]
    assert len({len(ids) for ids in found}) > 1  # rows were finished, and dropped, at different steps


def test_an_answer_says_whether_it_ended_or_was_cut(folder):
    model = TransformersModel.open(str(folder))
    answers = model.complete([Request(ask(question), LIMIT) for question in QUESTIONS])
    for answer in answers:
        assert answer.finish_reason == ("stop" if answer.token_ids[-1] in model.stop_ids else "length")
        assert answer.n_tokens == len(answer.token_ids) <= LIMIT


def test_a_prompt_as_long_as_the_context_gets_an_empty_cut_answer(folder):
    answer = TransformersModel.open(str(folder)).complete([Request("x" * 128, 5)])[0]
    assert (answer.text, answer.token_ids, answer.finish_reason) == ("", (), "length")


def test_a_sampled_answer_depends_on_its_seed_and_not_on_its_batch(folder):
    model = TransformersModel.open(str(folder))
    alone = model.complete([Request("abc", 20, temperature=1.0, seed=5)])[0]
    others = [Request("a longer prompt", 20), Request("abc", 20, temperature=1.0, seed=6)]
    together = model.complete([*others, Request("abc", 20, temperature=1.0, seed=5)])
    assert together[2] == alone
    assert together[1] != alone


def test_finished_requests_are_counted_as_they_end(folder):
    heard = []
    TransformersModel.open(str(folder)).complete([Request(ask(q), LIMIT) for q in QUESTIONS], heard.append)
    assert heard == [1, 2, 3, 4]


def test_no_requests_give_no_answers(folder):
    assert TransformersModel.open(str(folder)).complete([]) == []


def test_a_missing_model_names_itself_and_says_what_to_give(tmp_path):
    with pytest.raises(UserError, match=r"The tokenizer 'nobody/nothing' cannot be loaded.*Give a local folder"):
        TransformersModel.open("nobody/nothing")


def test_a_tokenizer_without_chat_template_is_refused(folder, tmp_path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="has no chat template"):
        TransformersModel.open(str(tmp_path))


def test_a_folder_without_adapter_is_refused_as_adapter(folder, tmp_path):
    with pytest.raises(UserError, match="There is no LoRA adapter"):
        TransformersModel.open(str(folder), adapter=tmp_path)


def test_an_adapter_changes_the_answers(folder, tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(folder), config).save_pretrained(tmp_path / "adapter")
    request = [Request("abc", 20)]
    plain = TransformersModel.open(str(folder)).complete(request)
    assert TransformersModel.open(str(folder), adapter=tmp_path / "adapter").complete(request) != plain


def test_a_scripted_model_answers_from_a_list_in_turn():
    model = Scripted(["one", "two words here"])
    answers = model.complete([Request("a", 10), Request("b", 2), Request("c", 10)])
    assert [(answer.text, answer.finish_reason) for answer in answers] == [
        ("one", "stop"),
        ("two words", "length"),
        ("one", "stop"),
    ]


def test_a_scripted_model_answers_by_question_or_function():
    assert Scripted({"q": "a"}).complete([Request(ask("q"))])[0].text == "a"
    assert Scripted(lambda request: f"{request.prompt}!").complete([Request("q")])[0].text == "q!"


def test_rows_that_outgrow_their_room_are_still_those_of_generate(folder):
    import torch

    model = TransformersModel.open(str(folder))
    ids = model.tokenizer("abc")["input_ids"]
    made = model.model.generate(
        torch.tensor([ids]), do_sample=False, max_new_tokens=120, eos_token_id=-1, pad_token_id=0
    )
    [answer] = decode(model.model, [Prompt(ids, 120)], frozenset(), 4)
    assert answer.ids == made[0, len(ids) :].tolist()


@pytest.mark.parametrize(
    ("top_p", "tokens"),
    [(1.0, [1, 1, 2, 0, 3]), (0.8, [1, 1, 2, 2, 0]), (0.75, [1, 1, 2, 2, 2]), (0.01, [1, 1, 1, 1, 1])],
)
def test_top_p_draws_from_the_fewest_likeliest_tokens_that_reach_it(top_p, tokens):
    import torch

    chances = [0.0, 0.49, 0.7, 0.8, 0.95]
    logits = torch.tensor([0.125, 0.5, 0.25, 0.125]).log().expand(5, 4)
    assert draw(logits, [1.0] * 5, [top_p] * 5, chances) == tokens


def test_each_row_is_drawn_at_its_own_temperature():
    import torch

    logits = torch.tensor([[0.0, 1.0, 2.0]]).expand(2, 3)
    assert draw(logits, [0.01, 100.0], [1.0, 1.0], [0.9, 0.9]) == [2, 0]


def test_a_tiny_top_p_samples_the_greedy_answer_whatever_the_batch(folder):
    model = TransformersModel.open(str(folder), batch_size=3)
    asked = [Request(ask(question), 20, 1.0, seed, top_p=1e-6) for seed, question in enumerate(QUESTIONS)]
    assert model.complete(asked) == model.complete([Request(ask(question), 20) for question in QUESTIONS])


def test_a_top_p_sample_depends_on_its_seed_and_not_on_its_batch(folder):
    model = TransformersModel.open(str(folder))
    request = Request("abc", 20, 1.0, 5, top_p=0.9)
    together = model.complete([Request("a longer prompt", 20), Request("abc", 20, 1.0, 6, top_p=0.9), request])
    assert together[2] == model.complete([request])[0]
    assert together[2].text != together[1].text


def test_an_answer_ends_before_the_first_stop_text(folder):
    model = TransformersModel.open(str(folder))
    whole = model.complete([Request("abc", 20)])[0]
    stop = whole.text[3]
    place = whole.text.index(stop)
    found = model.complete([Request("abc", 20, stop=("not in it", stop))])[0]
    assert (found.text, found.finish_reason, found.stopped) == (whole.text[:place], "stop", stop)
    assert found.token_ids == whole.token_ids[: found.n_tokens]
    assert found.n_tokens < whole.n_tokens


def test_prompt_tokens_are_counted(folder):
    assert TransformersModel.open(str(folder)).complete([Request("abc", 2, prefix="de")])[0].n_prompt_tokens == 5


def test_log_probs_in_batches_equal_those_of_one_text_at_a_time_and_of_the_whole_model(folder):
    import torch

    model = TransformersModel.open(str(folder), batch_size=3)
    texts = ["4", "Nothing, really.", "", "Because it is so.", "four"]
    requests = [Request(ask(question)) for question in [*QUESTIONS, "Why?"]]
    found = log_probs(model, requests, texts)
    single = log_probs(TransformersModel.open(str(folder), batch_size=1), requests, texts)
    assert [len(values) for values in found] == [len(text) for text in texts]
    for values, alone, request, text in zip(found, single, requests, texts, strict=True):
        assert values == pytest.approx(alone, abs=1e-5)
        ids = torch.tensor([model.tokenizer(model.render(request.prompt) + text)["input_ids"]])
        logits = model.model(input_ids=ids).logits[0].detach().log_softmax(-1)
        wanted = [float(logits[place - 1, ids[0, place]]) for place in range(ids.shape[1] - len(text), ids.shape[1])]
        assert values == pytest.approx(wanted, abs=1e-5)


def test_a_text_longer_than_the_context_is_told_nothing_of(folder):
    model = TransformersModel.open(str(folder))
    found = model.score([Request("x" * 100), Request("x" * 100)], ["y" * 29, "y" * 28])
    assert [len(values) for values in found] == [0, 28]


@pytest.mark.parametrize(
    ("lengths", "vocabulary", "rows"),
    [([], 9, 0), ([10**6], 151_936, 1), ([4096, 4096], 151_936, 1), ([100] * 50, 151_936, 17),
     ([1000, 700, 10], LOGITS // 2000, 2)],
    ids=["none", "one too long", "two too long", "many short", "the longest counts for all"],
)  # fmt: skip
def test_rows_are_scored_together_while_their_logits_have_room(lengths, vocabulary, rows):
    assert fitting(lengths, vocabulary) == rows


@pytest.mark.parametrize(
    "rendered",
    ["<|a|>", "<|a|><think>\n", "<|a|><think>\n\n</think>\n\n"],
    ids=["plain template", "template that opens the block", "template that empties it"],
)
def test_an_empty_think_block_stands_exactly_once_whatever_the_template(rendered):
    assert begun(rendered, "<think>\n\n</think>\n\n") == "<|a|><think>\n\n</think>\n\n"


EMPTY = "<think>\n\n</think>\n\n"


@pytest.mark.parametrize(
    ("end", "prefix", "wanted"),
    [
        ("{% if enable_thinking is false %}" + EMPTY + "{% endif %}", "<think>\n\n</think>\n", "\n"),
        (
            "{% if not enable_thinking %}" + EMPTY + "{% else %}<think>\n{% endif %}",
            "<think>\n</think>",
            "\n",
        ),
        ("", "<think>\n\n</think>\n", ""),
    ],
    ids=["a switch that empties the block", "a switch between opening and emptying it", "no switch"],
)
def test_a_template_with_a_switch_of_its_own_writes_the_empty_block(folder, end, prefix, wanted):
    model = TransformersModel.open(str(folder))
    model.tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}>" + end
    read = "abc><think>\n\n</think>\n" + wanted
    completion = model.complete([Request(ask("abc"), 3, prefix=prefix)])[0]
    assert completion == model.complete([Request(read, 3)])[0]
    assert completion.n_prompt_tokens == len(read)


def test_the_beginning_of_an_answer_is_kept_as_it_is():
    assert begun("<|a|>", "<think>\nfour") == begun("<|a|><think>\n", "<think>\nfour") == "<|a|><think>\nfour"
    assert begun("<|a|><think>\n", "four") == "<|a|><think>\nfour"
    assert begun("<|a|><think>\n", "") == "<|a|><think>\n"


def test_a_scripted_model_stops_where_it_is_told_and_counts_prompt_words():
    [answer] = Scripted(["one two. three"]).complete([Request("a b", 10, prefix=" c", stop=("three", "."))])
    assert answer == Completion("one two", (0, 1), "stop", 3, ".")
