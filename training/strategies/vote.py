"""Many answers in several forms, and the one that most of them give (self-consistency, Mixed Distillation)."""

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.trace import Problem
from training.answering.facts import by_fact, counted, facts_of, share, spent, told
from training.answering.forms import AnswerForm, find
from training.answering.sampling import Sampling
from training.answering.voting import Tie, plurality, vote_at
from training.strategy import Attempt, Setting, Strategy


class Member(Sampling):
    """Voters of one kind: texts, or programs that are run; another student where one is named."""

    form: AnswerForm = "cot"
    student: str = ""


# Mixed Distillation as we recall it: about 10 texts and 10 programs at temperature 0.7
PROGRAM = "{question} Write a Python program that sets ans to the answer."  # ours
MEMBERS = [Member(n=10, temperature=0.7), Member(form="pot", n=10, temperature=0.7, instruction=PROGRAM)]


class Vote(Strategy):
    """Sampled texts and programs vote; programs run in the sandbox, and those that fail have no vote."""

    strategy: Literal["vote"] = "vote"
    members: list[Member] = Field(MEMBERS, description="Who votes: form, instruction, n, temperature", min_length=1)
    tie: Tie = Field("first", description="Whose answer wins a tie; abstain gives none")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return sum(member.n * member.max_new_tokens for member in self.members)

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """For every problem the votes as drafts, then the attempt they elect."""
        votes: list[list[Attempt]] = [[] for _ in problems]
        models = [setting.model_of(member.student) for member in self.members]  # first, so a wrong name costs nothing
        for number, (member, model) in enumerate(zip(self.members, models, strict=True)):
            drawn = member.draw(problems, setting, model, number, len(self.members))
            for problem, own, completions in zip(problems, votes, drawn, strict=True):
                for completion in completions:
                    answer, program = find(problem, completion, member.form, setting.verifier.extractor)
                    facts = {"member": number, "form": member.form, "program": program}
                    own.append(Attempt(problem, completion, len(own), True, answer, True, facts=facts))
        return [attempt for own in votes for attempt in [*own, self.elect(own)]]

    def elect(self, votes: Sequence[Attempt]) -> Attempt:
        """The attempt that counts: the answer of most votes, with the tokens of all."""
        winner = plurality([vote.answer for vote in votes], self.tie, [vote.completion.n_tokens for vote in votes])
        chosen = votes[winner.place or 0]
        n_tokens, n_prompt = spent([vote.completion for vote in votes])
        return Attempt(
            chosen.problem, chosen.completion, answer=None if winner.place is None else chosen.answer, decided=True,
            n_tokens=n_tokens, n_prompt_tokens=n_prompt,
            facts={"votes": winner.votes, "of": len(votes), "tied": winner.tied},
        )  # fmt: skip

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """What fewer votes give, how often it tied, how many agreed, what each kind of voter is worth alone."""
        elected, votes = facts_of(counted(attempts)), attempts.filter(attempts["draft"])
        return {
            **vote_at(votes, [member.n for member in self.members], self.tie),
            "tie_rate": share([row["tied"] for row in elected]),
            "agreement": share([row["votes"] / row["of"] for row in elected]),
            "members": [
                {
                    "member": number,
                    "form": self.members[number].form,
                    **told(rows),
                    "programs_finished": _finished(rows),
                }
                for number, rows in by_fact(votes, "member").items()
            ],
        }


def _finished(votes: pa.Table) -> float | None:
    return share([row["program"] == "finished" for row in facts_of(votes) if row["program"] is not None])
