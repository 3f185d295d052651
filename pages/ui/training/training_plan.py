"""What a training will take, in one sentence: the set, tokens, steps, and the time by earlier runs on this machine."""

from collections.abc import Sequence

import pyarrow as pa

from curation.curated import CuratedSet
from pages.ui.runs.run_panel import duration
from training.objective import Objective
from training.rows.estimate import Pace, Plan, plan


def lengths(rows: pa.Table) -> list[int]:
    """Tokens of each measured row, before it is cut."""
    return [int(value) for value in rows.column("student_tokens").to_pylist()]


def sentence(curated: CuratedSet, found: Plan, pace: Pace | None, held_out: float = 0.0) -> str:
    """Set, tokens, steps and time."""
    manifest, apart = curated.manifest, f", {held_out:.0%} of them held out" if held_out else ""
    size = f"{manifest.rows:,} rows of {manifest.problems:,} problems{apart}, {found.tokens_a_pass:,} tokens a pass"
    passes = found.tokens / found.tokens_a_pass if found.tokens_a_pass else 0
    work = f"about {found.steps:,} steps over {found.tokens:,} tokens ({passes:,.{1 if passes >= 1 else 2}f} passes)"
    if pace is None:
        return f"{size}; {work}. Time unknown: this student was not trained with this objective here yet."
    runs = "the last run" if pace.runs == 1 else f"the last {pace.runs} runs"
    time = duration(found.tokens / pace.tokens_per_second)
    return f"{size}; {work}, about {time} at the pace of {runs} of this student."


def planned(objective: Objective, rows: Sequence[int], seed: int, processes: int) -> Plan:
    """The plan without the share of problems that is held out."""
    kept = rows[: max(1, round(len(rows) * (1 - objective.held_out)))]
    return plan(objective, kept, seed, processes)
