import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from curation.encoders import DIMENSIONS, WordHashes, load_encoder
from curation.errors import UserError

SAMPLES = Path(__file__).resolve().parents[2] / "data/samples/teacher_traces.jsonl.gz"


def similarity(*texts):
    rows = load_encoder().encode(texts)
    return rows @ rows.T


def test_rows_have_length_1_and_a_text_without_words_is_zeros():
    rows = load_encoder().encode(["Two apples and a pear.", "...", ""])
    assert (rows.shape, rows.dtype) == ((3, DIMENSIONS), np.float32)
    assert np.linalg.norm(rows, axis=1).round(5).tolist() == [1, 0, 0]


def test_no_texts_give_no_rows():
    assert load_encoder().encode([]).shape == (0, DIMENSIONS)


def test_the_same_text_has_the_same_vector_in_every_company_and_process():
    alone = WordHashes().encode(["The train leaves at nine."])
    among = WordHashes().encode(["Pears.", "The train leaves at nine."])
    assert (alone[0] == among[1]).all()
    # read off on another day: a changed library must not change stored vectors unnoticed
    assert np.flatnonzero(alone[0])[:5].tolist() == [6, 22, 33, 41, 45]


def test_shared_words_make_texts_alike_in_any_script():
    apples = similarity("Ana buys twelve red apples", "Ana sells twelve red apples", "A train leaves the station")
    assert apples[0, 1] > 0.4 > 0.2 > abs(apples[0, 2])
    ducks = similarity("鸭子每天下蛋", "鸭子下了多少蛋", "火车几点出发")
    assert ducks[0, 1] > 0.4 > 0.2 > abs(ducks[0, 2])


def test_questions_of_the_samples_about_the_same_thing_stand_out():
    with gzip.open(SAMPLES, "rt", encoding="utf-8") as lines:
        questions = [json.loads(line)["question"] for line in lines][:400]
    things = np.array([re.findall(r"How many (\w+)", question)[0] for question in questions])
    alike, same = similarity(*questions), things[:, None] == things
    np.fill_diagonal(alike, np.nan)
    assert np.nanmean(alike[same]) > 1.4 * np.nanmean(alike[~same])


def test_an_encoder_is_loaded_once():
    assert load_encoder("") is load_encoder("")


def test_an_encoder_that_is_not_here_says_what_to_give_instead(tmp_path):
    with pytest.raises(
        UserError, match=r"The encoder '.*missing' cannot be loaded: .* leave it empty for the built-in"
    ):
        load_encoder(str(tmp_path / "missing"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sentence-transformers model of random word vectors."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    torch.manual_seed(0)
    words = ["[UNK]", "red", "blue", "green"]
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    path = tmp_path_factory.mktemp("encoder")
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu").save(str(path))
    return path


def test_a_local_model_gives_rows_of_length_1(folder):
    rows = load_encoder(str(folder)).encode(["red blue", "red green", "red blue"])
    assert (rows.shape, rows.dtype) == ((3, 16), np.float32)
    assert np.linalg.norm(rows, axis=1).round(5).tolist() == [1, 1, 1]
    assert (rows[0] == rows[2]).all()
    assert rows[0] @ rows[1] < 1
