"""Rebuild the base student: `python -m data.generator.base_student`.

A 0.94 M parameter Llama, trained from scratch on about 5 M tokens: single sums, clean concise and clean long
solutions of one to three steps, none with a distractor. It knows sums and both forms, and fails on longer problems
and on distractors, which is where the demo trains it.
"""

import argparse
import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from data.generator.problems import HIGH, LOW, MAX_AMOUNT, Problem, stream
from data.generator.rows import BASE_SEED, DATA, held_out, samples
from data.generator.solution import solve
from data.generator.teacher import write_concise, write_long
from data.generator.tokenizer import ASSISTANT, END, MAX_LENGTH, PAD, SPECIAL, USER, train_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    Tensors = dict[str, torch.Tensor]

TOKENS = 5_000_000
# Small batches and wide initial weights: copying from the question is learned several times sooner.
BATCH_TOKENS = 256
INITIAL_RANGE = 0.08
LEARNING_RATE = 1.5e-3
SEED = 7
IGNORED = -100  # the label that carries no loss


class Part(NamedTuple):
    """A share of the training tokens and where its texts come from."""

    share: float
    texts: Iterator[str]


def mixture() -> list[Part]:
    """The kinds of text the base student is trained on."""
    taken = held_out()
    short = stream(BASE_SEED, range(1, 4), 0.0, taken)
    others = stream(2 * BASE_SEED, range(1, 4), 0.0, taken)
    stories = stream(3 * BASE_SEED, range(1, 7), 0.0, taken)
    return [
        Part(0.2, drills(random.Random("drills"))),
        Part(0.1, (recital(problem) for problem in stories)),
        Part(0.4, (dialogue(problem, _concise(problem)) for problem in short)),
        Part(0.3, (dialogue(problem, _long(problem)) for problem in others)),
    ]


def drills(rng: random.Random) -> Iterator[str]:
    """Rows of single sums, for instance `12 + 5 = 17. 40 / 2 = 20.`."""
    while True:
        yield " ".join(_drill(rng) for _ in range(8)) + END


def recital(problem: Problem) -> str:
    """The sentences of a story told twice, unsolved, from which the student learns to copy."""
    story = " ".join(f"{step.clause}." for step in problem.steps)
    told = f"{problem.name} has {problem.start} {problem.item}. {story}"
    return f"{told}\n\n{told}{END}"


def dialogue(problem: Problem, generation: str) -> str:
    """Question and generation as the chat template joins them."""
    return f"{USER}{problem.question}{ASSISTANT}{generation}{END}"


def draw_ids(parts: Sequence[Part], encode: Callable[[str], list[int]], tokens: int) -> list[list[int]]:
    """Encoded texts of all parts, up to each part's share of the tokens."""
    rows: list[list[int]] = []
    for part in parts:
        left = int(tokens * part.share)
        while left > 0:
            rows.append(encode(next(part.texts)))
            left -= len(rows[-1])
    return rows


def bucket(rows: Sequence[list[int]], batch_tokens: int) -> list[list[list[int]]]:
    """Batches of rows of about equal length with about `batch_tokens` tokens each."""
    batches: list[list[list[int]]] = [[]]
    for row in sorted(rows, key=len):
        if sum(map(len, batches[-1])) + len(row) > batch_tokens:
            batches.append([])
        batches[-1].append(row)
    return batches


def new_model(tokenizer: "PreTrainedTokenizerFast") -> "LlamaForCausalLM":
    """The untrained student."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=INITIAL_RANGE,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)


def collate(batches: Sequence["dict[str, list[list[int]]]"]) -> "Tensors":
    """One batch of the dataset, padded; padding carries no loss."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    rows = [torch.tensor(row) for row in batches[0]["rows"]]
    return {
        "input_ids": pad_sequence(rows, batch_first=True, padding_value=SPECIAL.index(PAD)),
        "attention_mask": pad_sequence([torch.ones_like(row) for row in rows], batch_first=True),
        "labels": pad_sequence(rows, batch_first=True, padding_value=IGNORED),
    }


def train(tokens: int, folder: Path) -> None:
    """Train the base student and save it to `folder`."""
    import torch
    from datasets import Dataset
    from transformers import Trainer, TrainingArguments, set_seed

    torch.set_num_threads(1)
    set_seed(SEED)
    tokenizer = train_tokenizer(_tokenizer_texts())
    batches = bucket(draw_ids(mixture(), tokenizer.encode, tokens), BATCH_TOKENS)
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=1,
        num_train_epochs=1,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        weight_decay=0.01,
        adam_beta2=0.98,
        logging_steps=1_000,
        save_strategy="no",
        report_to="none",
        remove_unused_columns=False,
        disable_tqdm=True,
        use_cpu=True,
        seed=SEED,
    )
    model = new_model(tokenizer)
    data = Dataset.from_dict({"rows": batches})
    Trainer(model, arguments, train_dataset=data, data_collator=collate).train()
    model.config.use_cache = True  # the Trainer turns it off
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder, save_jinja_files=False)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Rebuild the base student.")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="training tokens")
    parser.add_argument("--out", type=Path, default=DATA / "base_student", help="folder of the student")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    began = time.perf_counter()
    train(options.tokens, options.out)
    logging.info("Trained on %d tokens in %.0f s", options.tokens, time.perf_counter() - began)


def _concise(problem: Problem) -> str:
    rng = random.Random(problem.question)
    return write_concise(rng, problem, solve(rng, problem, "none"), "none")


def _long(problem: Problem) -> str:
    return write_long(random.Random(problem.question), problem, "none", slips=False).generation


def _drill(rng: random.Random) -> str:
    kind = rng.choices("+-*/", (35, 35, 15, 15))[0]
    # Small results are rare in a uniform draw, and it is there that an early student errs.
    top = rng.choice((9, 20, HIGH))
    less = rng.randint(LOW, min(top, HIGH // 2 if kind in "*/" else HIGH - LOW))
    if kind in "*/":
        return f"{less} * 2 = {less * 2}." if kind == "*" else f"{less * 2} / 2 = {less}."
    amount = rng.randint(LOW, min(MAX_AMOUNT, HIGH - less))
    more = less + amount
    return f"{less} + {amount} = {more}." if kind == "+" else f"{more} - {amount} = {less}."


def _tokenizer_texts() -> list[str]:
    rows = samples(1_000)
    long = [dialogue(row.problem, row.long.generation) for row in rows]
    return long + [dialogue(row.problem, row.concise) for row in rows]


if __name__ == "__main__":
    main()
