"""The shortest prefix of a reasoning that is enough (Efficient Long CoT), for many traces at a time."""

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from curation.answers import first_correct
from curation.asker import Asker
from curation.models import Request
from curation.operator import Dropped, Failure
from curation.prompting.bisect import Order, Stuck, first_valid, together
from curation.prompting.reaching import Reach, part_of, unasked
from curation.trace import Trace, canonical_json, keep_segments

Validator = Literal["student", "judge", "first_correct"]
INVALID = "no prefix was found valid"


@dataclass(frozen=True, slots=True)
class PrefixSearch:
    """Who says whether a prefix is enough (None: it holds the first right answer), and which prefixes are tried."""

    reach: Reach | None
    order: Order
    least: int
    most: int
    own_answer: bool
    drop_invalid: bool

    def request(self, trace: Trace) -> Request:
        """What is asked first about a trace."""
        if self.reach is None:
            raise TypeError("the first right answer is found without a model")
        return self.reach.request(part_of(trace, range(next(self._search(trace), 0))))

    def map(self, traces: Sequence[Trace], asker: Asker | None) -> list[list[Trace] | Failure | Dropped]:
        """Each trace cut to its shortest valid prefix, all of them searched side by side."""
        able = [trace for trace in traces if unasked(trace) is None]
        verdicts: list[list[list[int | bool]]] = [[] for _ in able]

        def judge(wanted: list[tuple[int, int]]) -> list[bool | Stuck]:
            found = self._judge([(able[row], kept) for row, kept in wanted], asker)
            for (row, kept), verdict in zip(wanted, found, strict=True):
                if not isinstance(verdict, Stuck):
                    verdicts[row].append([kept, verdict])
            return found

        kept = together([self._search(trace) for trace in able], judge)
        answers = self._answers(able, kept, asker)
        made = iter([self._made(*row) for row in zip(able, kept, verdicts, answers, strict=True)])
        return [_left(trace, reason) if (reason := unasked(trace)) else next(made) for trace in traces]

    def _search(self, trace: Trace) -> Generator[int, bool, int | None]:
        return first_valid(len(trace.segments), self.order, self.least, self.most)

    def _judge(self, wanted: Sequence[tuple[Trace, int]], asker: Asker | None) -> list[bool | Stuck]:
        if self.reach is None or asker is None:
            return [holds_answer(trace, kept) for trace, kept in wanted]
        return self.reach.judge(asker, [part_of(trace, range(kept)) for trace, kept in wanted])

    def _answers(self, traces: Sequence[Trace], kept: Sequence[int | Stuck | None], asker: Asker | None) -> list[str]:
        """The answers of the children: the teacher's, or the student's first right one, asked again for nothing."""
        if not (self.own_answer and self.reach and asker):
            return [trace.answer for trace in traces]
        chosen = [(trace, count) for trace, count in zip(traces, kept, strict=True) if isinstance(count, int)]
        asked = iter(self.reach.ask(asker, [part_of(trace, range(count)) for trace, count in chosen]))
        return [
            next(one.text for one in next(asked) if self.reach.says(one, trace)) if isinstance(count, int) else ""
            for trace, count in zip(traces, kept, strict=True)
        ]

    def _made(
        self, trace: Trace, kept: int | Stuck | None, verdicts: list[list[int | bool]], answer: str
    ) -> list[Trace] | Failure | Dropped:
        if isinstance(kept, Stuck):
            return Failure(trace.id, kept.reason)
        if kept is None:
            return Dropped(trace.id, INVALID) if self.drop_invalid else [trace]
        if kept == len(trace.segments) and answer == trace.answer:
            return [trace]
        note = {"kept": kept, "of": len(trace.segments), "verdicts": verdicts}
        extra = canonical_json({**json.loads(trace.extra), "cut": note})
        return [replace(keep_segments(trace, trace.segments[:kept]), id="", answer=answer, extra=extra)]


def holds_answer(trace: Trace, kept: int) -> bool:
    """Whether the first segments hold the first mention of the reference as a result."""
    at = first_correct(trace)
    return at is not None and trace.segments[kept - 1].stop >= at


def _left(trace: Trace, reason: str) -> list[Trace] | Failure:
    """An empty reasoning stays as it is; another trace cannot be searched."""
    return Failure(trace.id, f"{reason}: no prefix can be tried") if trace.reasoning else [trace]
