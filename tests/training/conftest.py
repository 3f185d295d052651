"""A student of a few thousand weights, a set and a benchmark of sums, and runs that are waited for."""

import json

import pytest

from curation.curated import CuratedSet, Manifest, describe_part
from curation.runs import create
from curation.table import to_table, write_part
from training.launch import train_request
from training.objectives.sft import Sft
from training.student import resolve
from worlds import TEMPLATE, sums


@pytest.fixture(scope="session")
def tokenizer():
    """A byte-level tokenizer in which every byte is a token, with a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|pad|>", "<|e|>", "<|u|>", "<|a|>"]
    model = models.BPE({token: place for place, token in enumerate([*special, *alphabet])}, [])
    inner = Tokenizer(model)
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(special)
    made = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<|pad|>", eos_token="<|e|>")
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def student_folder(tmp_path_factory, tokenizer):
    """A random student saved as transformers saves one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=256, pad_token_id=0, eos_token_id=1, bos_token_id=None, initializer_range=0.2,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models") / "tiny"
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def make_set(tmp_path):
    """Write traces as a curated set."""

    def write(traces, name="sums"):
        folder = tmp_path / "sets" / name
        part = folder / "part-00000.parquet"
        write_part(to_table(traces), part)
        manifest = Manifest(
            name=name, created="2026-01-01", recipe="none", recipe_yaml="", source={}, rebuild="", rows=len(traces),
            problems=len({trace.problem.id for trace in traces}), tokens=None, steps=[], scores=[],
            parts=[describe_part(part)], code_version="0",
        )  # fmt: skip
        (folder / "manifest.json").write_text(manifest.model_dump_json())
        return CuratedSet(folder)

    return write


@pytest.fixture
def make_benchmark(tmp_path):
    """Write rows as a benchmark of JSON lines."""

    def write(rows, name="bench"):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def make_train_run(tmp_path, make_set, student_folder):
    """A train run of the tiny student on twenty sums, not launched."""

    def make(traces=None, seed=0, **parameters):
        curated = make_set(sums(20) if traces is None else traces)
        student = resolve(str(student_folder), tmp_path / "runs")
        return create(tmp_path / "runs", train_request(curated, Sft(**parameters), student, seed))

    return make
