"""The steps that read text or compare rows: annotators and mappers over the rows a state leaves."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.application.batches import VERDICTS, Known, map_batch, read_parquet, sketch_batch
from curation.application.executors import Local
from curation.application.memory import Memory
from curation.application.sources import Parts
from curation.application.state import UNDECIDED, State
from curation.application.together import Written, take_batch, together
from curation.asker import Asker
from curation.errors import UserError
from curation.operator import Annotator, CorpusAnnotator, Mapper, Operator, Selector, column
from curation.table import LIGHT, write_part


class Unmeasured(UserError):
    """A step compares all rows with each other or asks a model, which a preview does not do."""


def asking(memory: Memory, step: Operator, label: str) -> Asker | None:
    """What the step asks models through; None when it asks none. Unmeasured where there is nobody to ask."""
    if not step.asks():
        return None
    if memory.asker is None:
        place, _, name = label.partition(". ")
        raise Unmeasured(
            f"Step {place} ({name}) asks {', '.join(dict.fromkeys(step.asks()))}, which a preview does not do: try it "
            "on a few rows, or measure it, then go on."
        )
    memory.asker.step = label
    return memory.asker


def scored(step: Annotator, before: State, table: str, failures: str = "") -> State:
    """The state with a step's scores, which replace earlier ones of the same name."""
    about = before.about_problem | (set(step.adds()) if step.about == "problem" else set())
    state = replace(before, about_problem=frozenset(about), verdicts=failures)
    if step.adds_segments:
        state = replace(state, segmenter=step, lineage=_lineage(before.lineage, step))
    if step.adds_vectors:
        state = replace(state, embedder=step)
    return replace(state, scores={**before.scores, **dict.fromkeys(step.adds(), table)})


def annotate(memory: Memory, step: Annotator, before: State, label: str, ahead: Sequence[Operator] = ()) -> State:
    """Compute what is neither stored nor left by an interrupted application; the steps ahead may go on with it."""
    paths = sorted(_folder(memory, before, [step]).glob("part-*.parquet"))
    table = memory.annotation(step, before, paths)
    missing = memory.missing(table, before)
    asker = asking(memory, step, label) if missing else None
    if memory.sample is not None and len(missing) > memory.sample:
        before = thin_out(memory, before, memory.sample)
        missing = memory.missing(table, before)
    if missing:
        segments = memory.segments(before) if step.needs_segments else None
        whole = memory.sample is None and len(missing) == memory.count(before.select(()))
        steps = together(step, ahead if whole else (), partial(_is_unknown, memory, before))
        told = [(place, one) for place, one in enumerate(steps, 1) if not isinstance(one, Selector)]
        written = Written([_folder(memory, before, steps[:place]) for place, _ in told], len(paths))
        work, executor = partial(take_batch, steps, asker=asker), Local() if asker else None
        label = ", ".join([label, *(one.title() for _, one in told[1:])])
        for found in memory.run(work, before.source, missing, label, segments, executor):
            written.add(found)
        memory.extend(table, step, before, written.first)
    return scored(step, before, table, failures(memory, before, table))


def _folder(memory: Memory, before: State, steps: Sequence[Operator]) -> Path:
    """Where the last of steps that follow a state leaves its parts."""
    *earlier, last = steps
    if not isinstance(last, Mapper):
        return memory.scratch / last.key()
    lineage = before.lineage
    for step in earlier:
        if isinstance(step, Annotator) and step.adds_segments:
            lineage = _lineage(lineage, step)
    return memory.scratch / f"{lineage}_{last.key()}"


def _lineage(lineage: str, step: Operator) -> str:
    return hashed(f"{lineage} {step.key()}")


def _is_unknown(memory: Memory, before: State, steps: Sequence[Operator]) -> bool:
    """Whether the last of these steps, each of which goes on with the rows before it, has not begun."""
    step = steps[-1]
    if before.segmenter or next(_folder(memory, before, steps).glob("*.parquet"), None):
        return False
    return not isinstance(step, Annotator) or not before.source.known(step).num_rows


def compare(memory: Memory, step: CorpusAnnotator, before: State, label: str) -> State:
    """Take the stored results when every row left has one; else compare all rows left with each other."""
    path = memory.scratch / step.key() / f"part-{before.key}.parquet"
    table = memory.annotation(step, before, [path] if path.exists() else [])
    if memory.missing(table, before):
        if memory.sample is not None and memory.count(before.select(())) > memory.sample:
            place, _, name = label.partition(". ")
            raise Unmeasured(
                f"Step {place} ({name}) compares all traces with each other, which a preview does not do: measure it, "
                "then go on."
            )
        write_part(compared(memory, step, before, label, asking(memory, step, label)), path)
        table = f"corpus_{before.key}"
        memory.beside(table, step, before, read_parquet([path]))
    return scored(step, before, table, failures(memory, before, table))


def compared(memory: Memory, step: CorpusAnnotator, before: State, label: str, asker: Asker | None = None) -> pa.Table:
    """What a comparison of all rows left finds, with why some have no result."""
    conclude = partial(step.conclude_with, asker=asker) if asker else step.conclude
    rows = memory.table(before, step.needs(), step.needs_vectors)
    if step.sketch_type is None:
        return conclude(rows).append_column("failure", pa.nulls(rows.num_rows, pa.string()))
    work, ids = partial(sketch_batch, step), set(rows.column("id").to_pylist())
    segments = memory.segments(before) if step.needs_segments else None
    sketched = pa.concat_tables(memory.run(work, before.source, ids, label, segments))
    memory.connection.register("asked", rows.select(["id", "pos"]))
    memory.connection.register("sketched", sketched)
    query = "SELECT s.sketch, s.failure FROM asked JOIN sketched s USING (id) ORDER BY pos"
    in_order = memory.connection.sql(query).to_arrow_table()
    found = conclude(rows.append_column("sketch", in_order.column("sketch")))
    memory.connection.register("found", found)
    names = ", ".join(column(name) for name in step.adds())
    query = f"SELECT f.id, {names}, s.failure FROM found f JOIN sketched s USING (id)"
    return memory.connection.sql(query).to_arrow_table()


def map_traces(memory: Memory, step: Mapper, before: State, label: str) -> State:
    """Write the children to new parts; scores of the trace are cleared, those of the problem stay."""
    asker = asking(memory, step, label)
    if memory.sample is not None and memory.count(before.select(())) > memory.sample:
        before = thin_out(memory, before, memory.sample)
    folder = _folder(memory, before, [step])
    judged = map_parts(memory, step, before, folder, label, asker)
    verdicts = memory.create(
        f"verdict_{before.key}", f"SELECT r.pos, j.* FROM judged j JOIN ({before.select(())}) r USING (id)",
        judged=judged,
    )  # fmt: skip
    source = Parts(sorted(folder.glob("part-*.parquet")))
    light = ", ".join(f"c.{column(name)}" for name in LIGHT)
    base = memory.create(
        f"base_{before.key}",
        f"SELECT (row_number() OVER (ORDER BY parent_pos, place))::INTEGER AS pos, * EXCLUDE (place) FROM (SELECT "
        f"p.problem_pos, {light}, p.decision, NULL::BOOLEAN AS human_correct, p.noted, p.pos AS parent_pos, o.place "
        f"FROM children c JOIN (SELECT pos, unnest(became) AS id, generate_subscripts(became, 1) AS place "
        f"FROM {verdicts}) o USING (id) JOIN {before.base} p ON p.pos = o.pos "
        "QUALIFY row_number() OVER (PARTITION BY c.id ORDER BY o.pos) = 1) ORDER BY 1",
        children=source.rows(),
    )
    lineage = _lineage(before.lineage, step)
    state = State(before.key, base, source, lineage, scale=before.scale, text_scale=before.text_scale)
    state = carry(memory, before, state)
    memory.sql(f"ALTER TABLE {base} DROP parent_pos")
    return replace(state, verdicts=f"SELECT id, verdict, reason, became, {UNDECIDED} FROM {verdicts}")


def carry(memory: Memory, before: State, state: State) -> State:
    """Scores about the problem hold for the children too."""
    names = sorted(before.about_problem)
    if not names:
        return state
    columns = ", ".join(f"p.{column(name)}" for name in names)
    table = memory.side(
        f"carried_{state.key}",
        state.base,
        f"SELECT {columns} FROM {state.base} c LEFT JOIN ({before.select(names)}) p ON p.pos = c.parent_pos "
        "ORDER BY c.pos",
    )
    return replace(state, scores=dict.fromkeys(names, table), about_problem=before.about_problem)


def map_parts(memory: Memory, step: Mapper, before: State, folder: Path, label: str, asker: Asker | None) -> pa.Table:
    """Run the mapper over what an interrupted application has not finished; returns every verdict."""
    finished = len(sorted(folder.glob("part-*.parquet")))
    tables = [pq.read_table(path) for path in sorted(folder.glob("verdict-*.parquet"))[:finished]]
    left = memory.ids(before.select(())) - {v for table in tables for v in table.column("id").to_pylist()}
    segments = memory.segments(before)
    known = known_scores(memory, step, before) if asker and step.needs() else {}
    work, executor = partial(map_batch, step, asker=asker, known=known), Local() if asker else None
    for mapped in memory.run(work, before.source, left, label, segments, executor):
        write_part(mapped.verdicts, folder / f"verdict-{len(tables):05d}.parquet")
        write_part(mapped.traces, folder / f"part-{len(tables):05d}.parquet")
        tables.append(mapped.verdicts)
    return pa.concat_tables([VERDICTS.empty_table(), *tables])


def known_scores(memory: Memory, step: Operator, before: State) -> Known:
    """The scores a step reads, by the id of the row."""
    rows = memory.table(before, step.needs(), False).select(["id", *step.needs()]).to_pylist()
    return {row.pop("id"): row for row in rows}


def thin_out(memory: Memory, before: State, size: int) -> State:
    """Go on with a fixed sample of the problems' rows; counts from here on are scaled up.

    Tokens and characters are scaled by the characters of all rows, which are known, so that one very long trace
    in the sample does not count as many.
    """
    counts = "SELECT count(*), sum(n_chars) FROM"
    rows = before.select(())
    chosen = f"SELECT pos FROM ({rows}) ORDER BY hash(problem_id), pos LIMIT {size}"
    thin = memory.only(before, f"sample_{before.key}", chosen)
    count, chars = memory.sql(f"{counts} ({rows})")[0]
    kept, kept_chars = memory.sql(f"{counts} ({thin.select(())})")[0]
    text_scale = before.text_scale * (chars / kept_chars if kept_chars else 1.0)
    return replace(thin, scale=before.scale * count / kept, text_scale=text_scale)


def failures(memory: Memory, state: State, table: str) -> str:
    """A query of the verdicts of an annotator: the rows it failed on."""
    if table not in memory.failures:
        return ""
    columns = f"{state.base}.id, 'failed' AS verdict, {table}.failure AS reason, NULL::VARCHAR[] AS became"
    return state.beside(f"{columns}, {UNDECIDED}", [table], f"{table}.failure IS NOT NULL")


def hashed(text: str) -> str:
    """A short hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
