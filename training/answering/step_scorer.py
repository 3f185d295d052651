"""Step scorers: how right each step of a solution is, by what objective `prm` trained.

A row is the question in the chat template, then every step followed by the separator; the score of a step is read at
the last token of the separator behind it, as in URSA: a mark after each step.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from curation.backends.transformers_model import Loaded, load_tokenizer
from curation.errors import UserError
from curation.models import ask
from curation.places import readable, typed
from curation.rendering import CLOSE, OPEN
from curation.texts.splitting import paragraphs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SCORER = "scorer"  # in out/ of a finished prm run
SEPARATOR = "\n"
LABELS = {0: "wrong", 1: "right"}
Aggregate = Literal["mean", "min", "last"]


class StepScorer(Protocol):
    """Anything that scores the steps of a solution, each between 0 and 1."""

    def scores(self, question: str, reasoning: str) -> list[float]:
        """A score for every step that `split_steps` finds and the scorer can read."""


class Encoded(NamedTuple):
    """The tokens of a row and the places where the steps are judged."""

    token_ids: list[int]
    places: list[int]


class TrainedScorer:
    """The model a `prm` run left."""

    def __init__(self, model: Any, tokenizer: "PreTrainedTokenizerBase") -> None:  # noqa: ANN401  (a transformers model)
        """Use a model for token classification where it is."""
        self.model, self.tokenizer = model, tokenizer
        self.separator = str(model.config.to_dict().get("step_separator", SEPARATOR))

    @classmethod
    def open(cls, folder: Path) -> "TrainedScorer":
        """Load the folder a `prm` run left; a GPU is used where there is one."""
        import torch
        from transformers import AutoModelForTokenClassification

        model = AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
        place = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(model.to(place).eval(), load_tokenizer(str(folder)))

    def scores(self, question: str, reasoning: str) -> list[float]:
        """The probability that each step is right; steps past what the model can read have none."""
        import torch

        limit = self.tokenizer.model_max_length
        row = encode(self.tokenizer, question, split_steps(reasoning), self.separator, limit)
        if not row.places:
            return []
        with torch.no_grad():
            logits = self.model(input_ids=torch.tensor([row.token_ids], device=self.model.device)).logits[0]
        right = logits[row.places].float().softmax(-1)[:, 1]
        return [float(value) for value in right.cpu()]


def with_head(student: Loaded) -> Loaded:
    """The student's body under a new head that tells right from wrong."""
    import torch
    from transformers import AutoModelForTokenClassification, set_seed

    set_seed(0)  # one head whatever the run's seed, so a run that is resumed before its first checkpoint has its own
    config = student.model.config
    config.update({"num_labels": len(LABELS), "id2label": LABELS, "step_separator": SEPARATOR})
    model = AutoModelForTokenClassification.from_config(config, dtype=torch.float32)
    model.base_model.load_state_dict(student.model.base_model.state_dict())
    return Loaded(model, student.tokenizer)


def open_scorer(name: str, runs: Path = Path()) -> StepScorer:
    """The scorer of a finished `prm` run, by the run's id or its folder, or of a folder that holds one."""
    for folder in (runs / Path(name).name / "out" / SCORER, typed(name) / "out" / SCORER, typed(name)):
        if (folder / "config.json").is_file():
            return TrainedScorer.open(readable(folder))
    known = ", ".join(sorted(path.parents[1].name for path in runs.glob(f"*/out/{SCORER}"))) or "none yet"
    raise UserError(f"There is no step scorer '{name}'; known: {known}. Train one with the objective prm.")


def split_steps(reasoning: str) -> list[str]:
    """The steps of a text: its paragraphs where it has several, else its lines; what follows </think> is no step."""
    text = reasoning.partition(CLOSE)[0].replace(OPEN, "").strip()
    splitters: tuple[Literal["blank_line", "newline"], ...] = ("blank_line", "newline")
    for splitter in splitters:
        found = [text[start:stop].strip() for part in paragraphs(text, splitter) for start, stop in part]
        if len(found) > 1:
            break
    return [step for step in found if step]


def encode(
    tokenizer: "PreTrainedTokenizerBase", question: str, steps: Sequence[str], separator: str, limit: int
) -> Encoded:
    """The row of a solution, each step tokenised on its own; steps that end past the limit are left out."""
    messages = [dict(message) for message in ask(question)]
    prompt = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    ids = list(tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"])
    mark = list(tokenizer(separator, add_special_tokens=False)["input_ids"])
    places: list[int] = []
    for step in steps:
        ids += [*tokenizer(step, add_special_tokens=False, verbose=False)["input_ids"], *mark]
        if len(ids) > limit:
            break
        places.append(len(ids) - 1)
    return Encoded(ids[: places[-1] + 1] if places else [], places)


def aggregate(scores: Sequence[float], how: Aggregate = "mean") -> float | None:
    """One score of a whole solution; None where no step was scored."""
    if not scores:
        return None
    return {"mean": sum(scores) / len(scores), "min": min(scores), "last": scores[-1]}[how]


def largest_drop(scores: Iterable[float]) -> float:
    """The largest relative fall from one step to the next; 0 for one step, and after a score of 0."""
    values = list(scores)
    drops = [(one - other) / one for one, other in pairwise(values) if one > 0]
    return max([0.0, *drops])
