"""The same weights through transformers and through a vLLM server: are texts and scores equal, how fast is each.

Both answer the first prompts of the shipped benchmark greedily with the shipped student in float32. Where two texts
part, transformers is asked how much likelier it found its own token. Then both write 64 tokens a prompt, with so many
requests at once, and answers of uneven lengths (exponential, mean 86, at most 400 tokens). Speeds are by the clock and
by the processor: neighbours on a shared machine disturb the second less. Each computes on one core.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from curation.backends.transformers_model import Loaded, TransformersModel
from curation.benchmarks import items, locate
from curation.connection import BASE_FOLDER, CONNECTIONS, Place, find, write
from curation.decoding import Scored, token_log_probs
from curation.models import Completion, LanguageModel, Request, ask
from curation.runs import ACTIVE, Run
from curation.serving import running_servers, start_server
from tests.bench.bench import Bench
from tests.bench.figures import Figure

GOAL, NEAR = "figure >= 0.95", "figure <= 0.001"  # share of equal texts; nats between log-probabilities
PROMPTS = 100
LENGTH, AT_ONCE = 256, (1, 8, 64)  # tokens of an answer; requests at once
SOME = {1: 16, 8: 64, 64: 256}  # prompts that are timed, so that every line takes seconds
NAME = "student"


class Parting(NamedTuple):
    """Where two texts part: the token's place, and the nats by which transformers prefers its own."""

    place: int
    gap: float


class Pace(NamedTuple):
    """Generated tokens per second, and per second of processor time."""

    by_clock: float
    by_processor: float


def say(line: str = "") -> None:
    """A line on standard output."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def served(root: Path) -> Run:
    """The run of a server of the shipped student, once it is ready."""
    write(root, {NAME: CONNECTIONS.parse({"backend": "vllm", "model": "base", "dtype": "float32"})})
    run = start_server(root, NAME)
    while not running_servers(root) and run.status().state in ACTIVE:
        time.sleep(0.2)
    if not running_servers(root):
        raise SystemExit(run.status().error)
    return run


def through_vllm(root: Path, at_once: int) -> LanguageModel:
    """The served student, asked so many requests at once."""
    connection = find(NAME, root)
    return type(connection).model_validate({**dict(connection), "concurrency": at_once}).open(NAME, Place(root)).model


def through_transformers(plain: TransformersModel, at_once: int) -> TransformersModel:
    """The same student in batches of that size."""
    return TransformersModel(Loaded(plain.model, plain.tokenizer), at_once)


def asked(prompts: int) -> list[Request]:
    """The first prompts of the shipped benchmark."""
    return [Request(ask(item.problem.question), LENGTH) for item in items(locate("word_problems"))[:prompts]]


def parting(model: TransformersModel, request: Request, ours: Completion, theirs: Completion) -> Parting:
    """Where and how narrowly two answers part."""
    pairs = zip([*ours.token_ids, -1], [*theirs.token_ids, -1], strict=False)
    place = next(place for place, (one, other) in enumerate(pairs) if one != other)
    prompt = model.tokenizer(model.render(request.prompt), add_special_tokens=False)["input_ids"]
    before = [*prompt, *ours.token_ids[:place]]
    wanted = [Scored(before, [answer.token_ids[place]]) for answer in (ours, theirs)]
    own, other = (values[0] for values in token_log_probs(model.model, wanted, 1))
    return Parting(place, own - other)


def compare(plain: TransformersModel, server: LanguageModel, requests: Sequence[Request]) -> Iterator[Figure]:
    """How many texts are equal, where the others part, and how near the scores are."""
    ours, theirs = plain.complete(requests), server.complete(requests)
    unequal = [row for row, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one.text != other.text]
    yield Figure(
        "vLLM: share of greedy answers equal", 1 - len(unequal) / len(requests), "", len(requests), asked=GOAL
    )
    for row in unequal:
        place, gap = parting(plain, requests[row], ours[row], theirs[row])
        say(f"  problem {row + 1}: they part at token {place}; transformers prefers its own by {gap:.6f} nats")
    texts = [one.text for one in ours]
    scores = [
        [abs(one.log_prob - other.log_prob) for one, other in zip(*pair, strict=True)]
        for pair in zip(plain.score(requests, texts), server.score(requests, texts), strict=True)
    ]
    most = max(value for values in scores for value in values)
    yield Figure("vLLM: largest difference of a log-probability", most, "nats", len(requests), asked=NEAR)


def uneven(requests: Sequence[Request], seed: int = 0) -> list[Request]:
    """The same requests with a length each."""
    chance = random.Random(seed)
    lengths = [min(400, 1 + int(chance.expovariate(1 / 86))) for _ in requests]
    return [replace(one, max_new_tokens=length) for one, length in zip(requests, lengths, strict=True)]


def pace(model: LanguageModel, requests: Sequence[Request], spent: Callable[[], float]) -> Pace:
    """How fast a model answers."""
    began, processor = time.monotonic(), spent()
    found = model.complete(requests)
    assert not any(one.failure for one in found)
    tokens = sum(one.n_tokens for one in found)
    return Pace(tokens / (time.monotonic() - began), tokens / (spent() - processor))


def spent_by(pid: int) -> float:
    """Seconds of processor time of a process, of all it has started, and of this one that asks."""
    first = psutil.Process(pid)
    times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
    return time.process_time() + sum(one.user + one.system for one in times)


def race(plain: TransformersModel, root: Path) -> Iterator[Figure]:
    """How fast both are, by the clock and by the processor."""
    many = [replace(one, max_new_tokens=64, temperature=1.0) for one in asked(SOME[64])]
    lines = {f"{at_once} at once": (at_once, many[: SOME[at_once]]) for at_once in AT_ONCE}
    lines["64 at once, uneven lengths"] = (64, uneven(many))
    server = running_servers(root)[NAME].pid
    for words, (at_once, requests) in lines.items():
        ours = pace(through_transformers(plain, at_once), requests, time.process_time)
        theirs = pace(through_vllm(root, at_once), requests, lambda: spent_by(server))
        for unit, one, other in zip(("tokens/s", "tokens/s of processor time"), theirs, ours, strict=True):
            yield Figure(f"vLLM: {words}, {unit}", one, unit, len(requests), "transformers", other)


def figures(_: Bench) -> Iterator[Figure]:
    """Equality, then speed, with one server."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        run = served(root)
        try:
            plain = TransformersModel.open(str(BASE_FOLDER), device="cpu", batch_size=AT_ONCE[-1])
            yield from compare(plain, through_vllm(root, AT_ONCE[-1]), asked(PROMPTS))
            yield from race(plain, root)
        finally:
            run.cancel()
            while run.status().state in ACTIVE:
                time.sleep(0.2)
