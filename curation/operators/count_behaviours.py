"""Count what a reasoning does: verify, backtrack, set sub-goals, suppose, hedge ("Is Human-Written Data Enough?")."""

from collections import Counter
from typing import Literal

from curation.operator import Annotation, Annotator, ScoreType
from curation.texts.behaviours import BEHAVIOURS, behaviours
from curation.texts.splitting import paragraphs
from curation.texts.tokens import estimate_tokens
from curation.trace import Trace


class CountBehaviours(Annotator):
    """Count sentences that verify, backtrack, set sub-goals, suppose or hedge, per 1000 tokens of reasoning.

    Tokens are those of the built-in estimate, so that the rates of all traces compare. A sentence counts once for each
    behaviour it shows, by its cue words in English or Chinese.
    """

    op: Literal["count_behaviours"] = "count_behaviours"

    def adds(self) -> dict[str, ScoreType]:
        """Sentences per 1000 tokens, by behaviour."""
        return dict.fromkeys(BEHAVIOURS, "number")

    def annotate(self, trace: Trace) -> Annotation:
        """Count over the reasoning; unknown where there is none."""
        text = trace.reasoning
        tokens = estimate_tokens(text)
        pieces = [text[start:stop] for spans in paragraphs(text, "sentence") for start, stop in spans]
        counted = Counter(name for piece in pieces for name in behaviours(piece))
        return Annotation({name: 1000 * counted[name] / tokens if tokens else None for name in BEHAVIOURS})
