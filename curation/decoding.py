"""Batched decoding over a key-value cache from which finished rows are dropped.

Prompts are sorted by length and padded on the left. A static batch runs until its longest answer ends; dropping
finished rows makes a batch of uneven answers several times faster.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from curation.models import FinishReason

if TYPE_CHECKING:
    import torch


class Prompt(NamedTuple):
    """Token ids, the largest number of new tokens, and how to sample them."""

    ids: list[int]
    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0


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
        self._generator: torch.Generator | None = None

    def choose(self, logits: "torch.Tensor") -> int:
        """A token drawn at the prompt's temperature, the same whatever else is in the batch."""
        import torch

        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self.prompt.seed)
        weights = (logits.float().cpu() / self.prompt.temperature).softmax(-1)
        return int(torch.multinomial(weights, 1, generator=self._generator))

    def ended(self, stop_ids: frozenset[int]) -> FinishReason | None:
        """Why the row is finished, if it is."""
        if self.new[-1] in stop_ids:
            return "stop"
        return "length" if len(self.new) >= self.prompt.max_new_tokens else None


def _decode_batch(model: Any, rows: list[_Row], stop_ids: frozenset[int]) -> Iterator[Decoded]:  # noqa: ANN401
    import torch
    from transformers import DynamicCache

    ids, mask = _pad_left([row.prompt.ids for row in rows], model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    while rows:
        with torch.inference_mode():
            output = model(
                input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
                logits_to_keep=1,
            )  # fmt: skip
            tokens = _choose(rows, output.logits[:, -1])
        kept = []
        for place, (row, token) in enumerate(zip(rows, tokens, strict=True)):
            row.new.append(token)
            if reason := row.ended(stop_ids):
                yield Decoded(row.row, row.new, reason)
            else:
                kept.append(place)
        if 0 < len(kept) < len(rows):
            places = torch.tensor(kept, device=model.device)
            cache.batch_select_indices(places)
            mask, positions = mask[places], positions[places]
        rows = [rows[place] for place in kept]
        ids = torch.tensor([[row.new[-1]] for row in rows], device=model.device)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=-1)
        positions = positions[:, -1:] + 1


def _choose(rows: Sequence[_Row], logits: "torch.Tensor") -> list[int]:
    tokens: list[int] = logits.argmax(-1).tolist()
    return [
        row.choose(logits[place]) if row.prompt.temperature > 0 else tokens[place] for place, row in enumerate(rows)
    ]


def _pad_left(prompts: Sequence[list[int]], device: "torch.device") -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    return ids, mask
