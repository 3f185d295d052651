"""Batched decoding over a key-value cache from which finished rows are dropped.

Prompts are sorted by length and padded on the left. A static batch runs until its longest answer ends; dropping
finished rows makes a batch of uneven answers several times faster, and room for keys and values made ahead spares
copying the whole cache at every token.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from curation.models import FinishReason

if TYPE_CHECKING:
    import torch

ROOM = 64  # ours: tokens of cache made ahead
LOGITS = 2**28  # ours: logits of a batch that is scored, 1 GiB in float32; a single row may take more
DROP = 16  # ours: finished rows are dropped once they are one in so many, since dropping copies the cache


class Prompt(NamedTuple):
    """Token ids, the largest number of new tokens, how to sample them, and whether those written so far end it."""

    ids: list[int]
    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0
    top_p: float = 1.0
    ends: Callable[[list[int]], bool] | None = None


class Scored(NamedTuple):
    """A prompt and the tokens after it whose probabilities are wanted."""

    prompt: list[int]
    wanted: list[int]


class Decoded(NamedTuple):
    """A finished row: its place among the prompts, its new tokens, and why it ended."""

    row: int
    ids: list[int]
    reason: FinishReason


def decode(
    model: Any,  # noqa: ANN401  (a transformers model)
    prompts: Sequence[Prompt],
    stop_ids: frozenset[int],
    batch_size: int,
) -> Iterator[Decoded]:
    """New tokens of every prompt, each yielded when it is finished; long prompts first, so memory fails early."""
    room = model.config.get_text_config().max_position_embeddings
    order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row].ids))
    for start in range(0, len(order), batch_size):
        rows = []
        for row in order[start : start + batch_size]:
            limit = min(prompts[row].max_new_tokens, room - len(prompts[row].ids))
            if limit < 1 or not prompts[row].ids:
                yield Decoded(row, [], "length")
            else:
                rows.append(_Row(row, prompts[row]._replace(max_new_tokens=limit)))
        if rows:
            yield from _decode_batch(model, rows, stop_ids)


class _Row:
    """One prompt being answered."""

    def __init__(self, row: int, prompt: Prompt) -> None:
        self.row, self.prompt, self.new = row, prompt, list[int]()
        self.finished = False
        self._generator: torch.Generator | None = None

    def chance(self) -> float:
        """The next number of the prompt's own seed, the same whatever else is in the batch."""
        import torch

        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self.prompt.seed)
        return float(torch.rand(1, generator=self._generator, dtype=torch.float64))

    def ended(self, stop_ids: frozenset[int]) -> FinishReason | None:
        """Why the row is finished, if it is."""
        if self.new[-1] in stop_ids or (self.prompt.ends and self.prompt.ends(self.new)):
            return "stop"
        return "length" if len(self.new) >= self.prompt.max_new_tokens else None


def draw(
    logits: "torch.Tensor", temperatures: Sequence[float], top_ps: Sequence[float], chances: Sequence[float]
) -> list[int]:
    """A token for each row: of the fewest likeliest tokens that reach top-p together (Holtzman et al. 2020).

    A chance between 0 and 1 decides, so that one row's token does not depend on another's.
    """
    import torch

    settings = torch.tensor([temperatures, top_ps, chances], dtype=torch.float64, device=logits.device)
    temperature, top_p, chance = settings[:, :, None]
    weights, tokens = (logits.double() / temperature).softmax(-1).sort(descending=True, stable=True)
    sums = weights.where(weights.cumsum(-1) - weights < top_p, 0).cumsum(-1)
    places = torch.searchsorted(sums, chance * sums[:, -1:], right=True).clamp(max=sums.shape[-1] - 1)
    chosen: list[int] = tokens.gather(-1, places)[:, 0].tolist()
    return chosen


def token_log_probs(model: Any, pairs: Sequence[Scored], batch_size: int) -> list[list[float]]:  # noqa: ANN401
    """The log-probability of each wanted token after its prompt, in batches of about equal length, long ones first."""
    import torch

    found: list[list[float]] = [[] for _ in pairs]
    order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row].prompt + pairs[row].wanted))
    vocabulary = model.config.get_text_config().vocab_size
    while order:
        rows = order[:batch_size]
        rows = rows[: fitting([len(pairs[row].wanted) + 1 for row in rows], vocabulary)]
        order = order[len(rows) :]
        ids, mask = _pad_left([pairs[row].prompt + pairs[row].wanted for row in rows], model.device)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        longest = max(len(pairs[row].wanted) for row in rows)
        with torch.inference_mode():
            logits = model(
                input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=longest + 1
            ).logits  # fmt: skip
        for place, row in enumerate(rows):  # one by one, so that only one row is widened to float32
            wanted = torch.tensor(pairs[row].wanted, dtype=torch.long, device=model.device)
            own = logits[place, logits.shape[1] - len(wanted) - 1 : -1].float().log_softmax(-1)
            found[row] = own.gather(-1, wanted[:, None])[:, 0].tolist()
    return found


def fitting(lengths: Sequence[int], vocabulary: int) -> int:
    """How many rows have room for their logits together, at least one: a vocabulary for each token of the longest."""
    longest = 0
    for count, length in enumerate(lengths):
        longest = max(longest, length)
        if count and (count + 1) * longest * vocabulary > LOGITS:
            return count
    return len(lengths)


def _decode_batch(model: Any, rows: list[_Row], stop_ids: frozenset[int]) -> Iterator[Decoded]:  # noqa: ANN401
    import torch

    ids, mask = _pad_left([row.prompt.ids for row in rows], model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = roomy_cache(model.config)
    while rows:
        with torch.inference_mode():
            output = model(
                input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
                logits_to_keep=1,
            )  # fmt: skip
            tokens = _choose(rows, output.logits[:, -1])
        yield from _append(rows, tokens, stop_ids)
        ids = torch.tensor([[token] for token in tokens], device=model.device)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=-1)
        positions = positions[:, -1:] + 1
        kept = [place for place, row in enumerate(rows) if not row.finished]
        if (len(rows) - len(kept)) * DROP >= len(rows):
            rows = [rows[place] for place in kept]
            if rows:
                places = torch.tensor(kept, device=model.device)
                ids, mask, positions = ids[places], mask[places], positions[places]
                cache.batch_select_indices(places)


def _append(rows: Sequence[_Row], tokens: Sequence[int], stop_ids: frozenset[int]) -> Iterator[Decoded]:
    """Give every unfinished row its token; yields the rows that finish with it."""
    for row, token in zip(rows, tokens, strict=True):
        if row.finished:
            continue
        row.new.append(token)
        if reason := row.ended(stop_ids):
            row.finished = True
            yield Decoded(row.row, row.new, reason)


def roomy_cache(config: Any) -> Any:  # noqa: ANN401  (a model's config; a transformers DynamicCache)
    """A key-value cache with room made ahead in its plain layers; other layers stay as they are."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class Roomy(DynamicLayer):  # type: ignore[misc]
        rooms: "tuple[torch.Tensor, torch.Tensor] | None" = None
        keys: Any
        values: Any

        def update(self, keys: Any, values: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if not self.is_initialized:
                self.lazy_initialization(keys, values)
            used, stop = self.get_seq_length(), self.get_seq_length() + keys.shape[-2]
            if self.rooms is None or self.rooms[0].shape[-2] < stop:
                rooms = _room(keys, stop), _room(values, stop)
                if used:
                    rooms[0][..., :used, :], rooms[1][..., :used, :] = self.keys, self.values
                self.rooms = rooms
            for room, new in zip(self.rooms, (keys, values), strict=True):
                room[..., used:stop, :] = new
            self.keys, self.values = (room[..., :stop, :] for room in self.rooms)
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:  # noqa: ANN401
            if self.rooms is not None:
                used = self.get_seq_length()
                self.rooms = self.rooms[0][indices], self.rooms[1][indices]
                self.keys, self.values = (room[..., :used, :] for room in self.rooms)

    cache = DynamicCache(config=config)
    cache.layers = [Roomy() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


def _room(states: "torch.Tensor", stop: int) -> "torch.Tensor":
    return states.new_empty((*states.shape[:-2], stop + ROOM, states.shape[-1]))


def _choose(rows: Sequence[_Row], logits: "torch.Tensor") -> list[int]:
    tokens: list[int] = logits.argmax(-1).tolist()
    places = [place for place, row in enumerate(rows) if row.prompt.temperature > 0 and not row.finished]
    if places:
        asked = [rows[place].prompt for place in places]
        chances = [rows[place].chance() for place in places]
        drawn = draw(logits[places], [one.temperature for one in asked], [one.top_p for one in asked], chances)
        for place, token in zip(places, drawn, strict=True):
            tokens[place] = token
    return tokens


def _pad_left(prompts: Sequence[list[int]], device: "torch.device") -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    return ids, mask
