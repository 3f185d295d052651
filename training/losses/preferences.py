"""Preference pairs as a student sees them: one prompt, a chosen and a rejected completion, and their batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from curation.curated import CuratedSet
from curation.errors import UserError
from curation.exports.base import Content
from curation.exports.pairs import Pair, Pairs, require_flag
from curation.models import QUESTION
from curation.params import Positive
from curation.rendering import common
from curation.trace import Problem, Trace
from training.objective import SMALL, Objective, Task
from training.rows.batches import draw, group
from training.rows.data import IGNORED, Rendered, render
from training.rows.padding import mask, padded
from training.rows.reading import PLAIN, Instruction, Reading
from training.running.processes import count

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Preference:
    """The tokens of a pair, as far as rows may be long."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]

    @property
    def tokens(self) -> int:
        """Tokens of both rows."""
        return 2 * len(self.prompt) + len(self.chosen) + len(self.rejected)

    @property
    def width(self) -> int:
        """Padded tokens the pair takes in a batch."""
        return 2 * (len(self.prompt) + max(len(self.chosen), len(self.rejected)))

    @property
    def tells(self) -> bool:
        """True when both completions have tokens left and they differ."""
        return bool(self.chosen and self.rejected) and self.chosen != self.rejected

    def share_prefix(self) -> "Preference":
        """The same pair, what both completions begin with moved to the prompt; each keeps a token."""
        shared = min(common(self.chosen, self.rejected), len(self.chosen) - 1, len(self.rejected) - 1)
        return Preference(self.prompt + self.chosen[:shared], self.chosen[shared:], self.rejected[shared:])


def prefer(tokenizer: "PreTrainedTokenizerBase", pair: Pair, limit: int, reading: Reading = PLAIN) -> Preference:
    """Two completions of one question in the chat template, cut at a limit of tokens a row."""
    sides = [Trace(Problem(pair.prompt), "", text) for text in (pair.chosen, pair.rejected)]
    rows = [render(tokenizer, side, limit, reading) for side in sides]
    start = min(row.n_prompt for row in rows)
    first, second = (row.token_ids[start : row.kept] for row in rows)
    return Preference(rows[0].token_ids[:start], first, second)


class PairCollator:
    """Turns a dataset row that lists pairs into the tensors TRL's DPO and ORPO trainers read."""

    def __init__(self, pairs: Sequence[Preference], pad_id: int) -> None:
        """Keep the pairs."""
        self.pairs, self.pad_id = pairs, pad_id

    def sides(self, examples: Sequence[dict[str, list[int]]]) -> tuple[list[list[int]], list[list[int]]]:
        """The tokens of each row, all chosen ones first, and 1 where they belong to a completion."""
        pairs = [self.pairs[number] for example in examples for number in example["rows"]]
        ends = [(pair.prompt, pair.chosen) for pair in pairs] + [(pair.prompt, pair.rejected) for pair in pairs]
        ids = [prompt + end for prompt, end in ends]
        return ids, [[0] * len(prompt) + [1] * len(end) for prompt, end in ends]

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> "dict[str, torch.Tensor]":
        """One tensor, chosen rows above rejected ones: DPO's way."""
        ids, completion = self.sides(examples)
        return {
            "input_ids": padded(ids, self.pad_id),
            "attention_mask": mask(ids),
            "completion_mask": padded(completion, 0),
        }


class SplitCollator(PairCollator):
    """The same with a tensor for each side: ORPO's way."""

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> "dict[str, torch.Tensor]":
        """Both sides apart, and both together, by which tokens are counted."""
        ids, completion = self.sides(examples)
        labels = [
            [token if mine else IGNORED for token, mine in zip(row, marks, strict=True)]
            for row, marks in zip(ids, completion, strict=True)
        ]
        half, batch = len(ids) // 2, {"input_ids": padded(ids, self.pad_id), "attention_mask": mask(ids)}
        for side, rows in (("chosen", slice(0, half)), ("rejected", slice(half, None))):
            batch[f"{side}_input_ids"] = padded(ids[rows], self.pad_id)
            batch[f"{side}_attention_mask"] = mask(ids[rows])
            batch[f"{side}_labels"] = padded(labels[rows], IGNORED)
        return batch


class Plan(NamedTuple):
    """What every trainer of pairs is given, and what scores.json states."""

    batches: list[list[int]]
    arguments: dict[str, Any]
    facts: dict[str, Any]


class Preferences(Objective):
    """What objectives of preference pairs share."""

    # below 10 M weights (ours), above (TRL's DPOConfig), LoRA (ours)
    rates: ClassVar[tuple[float, float, float]] = (1e-4, 1e-6, 1e-5)

    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Peak learning rate; empty: 1e-4 below 10 M weights, 1e-6, LoRA 1e-5"
    )
    max_train_tokens: Positive | None = Field(
        None, description="Tokens of both sides to train on, pairs repeated; empty: epochs"
    )
    num_train_epochs: Annotated[float, Field(gt=0)] = Field(1.0, description="Passes over the pairs without a budget")
    right: Annotated[str, Field(min_length=1)] = Field(
        "correct", description="Flag that tells right traces from wrong ones"
    )
    instruction: Instruction = Field(QUESTION, description="How the question is asked, in the slot {question}")

    def reading(self) -> Reading:
        """What is asked; loss falls on completions."""
        return Reading(instruction=self.instruction)

    def held_out_rows(self, task: Task) -> list[Rendered]:
        """Right traces alone: a student that prefers them may well find wrong ones unlikely."""
        flags = flagged(task.curated, task.held_out, self.right)
        return super().held_out_rows(replace(task, held_out=[one for one in task.held_out if flags[one.id]]))

    def rate(self, n_parameters: int) -> float:
        """The learning rate given, or the one that suits the size."""
        if self.learning_rate is not None:
            return self.learning_rate
        small, large, lora = self.rates
        return small if n_parameters < SMALL else lora if self.lora else large

    def rendered(self, task: Task, pairs: Sequence[Pair]) -> list[Preference]:
        """The pairs as the student sees them; UserError when truncation leaves none that tells."""
        found = [prefer(task.student.tokenizer, pair, self.max_length, self.reading()) for pair in pairs]
        told = [pair for pair in found if pair.tells]
        if not told:
            raise UserError(
                f"Cut at max_length {self.max_length:,} none of the {len(pairs):,} pairs differs; raise max_length."
            )
        return told

    def plan(self, task: Task, pairs: Sequence[Preference], budget: int | None, epochs: float) -> Plan:
        """Batches, arguments and facts."""
        tokens, widths = [pair.tokens for pair in pairs], [pair.width for pair in pairs]
        seed = task.seed + task.stage
        order = draw(tokens, epochs=epochs, budget=budget, seed=seed)
        rows, most = self.per_device_train_batch_size, self.batch_tokens
        if count() > 1:  # TRL gathers a number for each pair, so every process must have as many
            rows, most = max(1, min(rows, (most or rows * max(widths)) // max(widths))), None
            order += [order[place % len(order)] for place in range(-len(order) % rows)]
        batches = group(order, widths, rows=rows, tokens=most, seed=seed)
        shared = self.arguments(task, -(-len(batches) // self.gradient_accumulation_steps))
        facts = {
            "pairs": len(pairs),
            "rows_seen": len(order),
            "tokens_planned": sum(tokens[pair] for pair in order),
            "learning_rate": shared["learning_rate"],
        }
        return Plan(batches, shared, facts)


def pairs_of(task: Task, choice: Pairs) -> list[Pair]:
    """The set's pairs by a choice that exports share; UserError when it has no right or no wrong traces."""
    curated = task.curated
    found = list(choice.pairs(Content(curated.schema(), _rows(curated, task.traces), curated.folder.parent)))
    if not found:
        raise _unpaired(task, choice)
    return found


def flagged(curated: CuratedSet, traces: Sequence[Trace], right: str) -> dict[str, bool | None]:
    """The flag of each of these traces of a set by its id; UserError when the set has no such flag."""
    require_flag(curated.schema(), right)
    return {
        key: flag
        for table in _rows(curated, traces)
        for key, flag in zip(table["id"].to_pylist(), table[right].to_pylist(), strict=True)
    }


def right_traces(task: Task, right: str) -> dict[str, list[Trace]]:
    """The right traces of each problem that has an answer; UserError where there are none."""
    flags = flagged(task.curated, task.traces, right)
    found: dict[str, list[Trace]] = {}
    for trace in task.traces:
        if flags[trace.id] and trace.problem.reference is not None:
            found.setdefault(trace.problem.id, []).append(trace)
    if not found:
        raise UserError(
            f"The curated set '{task.curated.name}' has no right trace of a problem with an answer by '{right}'; add "
            "verify_answer to its recipe and keep right traces."
        )
    return found


def _rows(curated: CuratedSet, traces: Sequence[Trace]) -> Iterator[pa.Table]:
    """The set's tables, of which these traces alone."""
    wanted = pa.array([trace.id for trace in traces], pa.string())
    for table in curated.tables():
        yield table.filter(pc.is_in(table["id"], wanted))


def _unpaired(task: Task, choice: Pairs) -> UserError:
    flags = list(flagged(task.curated, task.traces, choice.right).values())
    right, wrong = flags.count(True), flags.count(False)
    steps = _deciding(task.curated, choice.right)
    name = f"The curated set '{task.curated.name}'"
    if choice.against == "longer":
        return UserError(
            f"{name} has {right:,} right traces by '{choice.right}' but no problem with two of different length; name "
            "a set with longer ones in other_set, such as the one before pruning."
        )
    if right and wrong:
        return UserError(
            f"{name} has {right:,} right and {wrong:,} wrong traces but no problem with both; import more traces of "
            "each problem, or name a set with the wrong ones in other_set."
        )
    lacking = "wrong" if right else "right"
    remedy = (
        f"leave out the step {' and '.join(steps)}" if steps else f"leave out the step that keeps by {choice.right}"
    )
    return UserError(
        f"{name} has {right:,} right and {wrong:,} wrong traces by '{choice.right}', so it gives no pair: to keep "
        f"{lacking} traces too, {remedy} of recipe '{task.curated.manifest.recipe}' and freeze it again"
        + (", or name a set with the wrong ones in other_set." if right else ".")
    )


def _deciding(curated: CuratedSet, right: str) -> list[str]:
    """The steps of the set's recipe that chose rows by the flag."""
    return [
        f"{report.step + 1} ({report.op})"
        for report in curated.manifest.steps
        if report.kind == "selector" and right in (report.spec.get("score"), *report.reasons)
    ]
