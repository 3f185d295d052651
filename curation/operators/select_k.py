"""Keep k rows that differ from each other, by the vectors that embed adds.

Twenty diverse human-written traces are a training set (paper 23). MMR is Carbonell and Goldstein 1998.
"""

from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from curation.comparing.diversity import Choice, k_centre, mmr, unit
from curation.comparing.grouping import needed
from curation.operator import TableSelector
from curation.params import Fraction, GroupName, Positive, ScoreName

NEAR = {"k_centre": "near a row that is kept", "mmr": "worth less than the kept rows, or near one of them"}


class Chosen(NamedTuple):
    """Of each row that could be compared: kept or not, value, threshold and the nearest kept row, -1 for none."""

    keep: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.int64]


class SelectK(TableSelector):
    """Keep k rows: those farthest apart, relevant ones that differ, or the most diverse of each group in turn."""

    op: Literal["select_k"] = "select_k"
    k: Positive = Field(20, description="Rows kept")  # 20 in paper 23
    by: Literal["k_centre", "mmr", "quota"] = Field("k_centre", description="Farthest apart, with a score, by group")
    score: ScoreName | None = Field(None, description="Relevance that mmr weighs against likeness")
    diversity: Fraction = Field(0.5, description="Weight of differing against the score, with mmr")  # ours
    group: GroupName | None = Field(None, description="Groups that take turns, with quota")

    needs_vectors = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for method, field, value in (("mmr", "score", self.score), ("quota", "group", self.group)):
            if (self.by == method) != (value is not None):
                raise ValueError(f"{method} and a {field} belong together: give both or neither")
        return self

    def needs(self) -> tuple[str, ...]:
        """The score and the group."""
        return needed(self.score, self.group)

    def judge(self, rows: pa.Table) -> pa.Table:
        """Choose among the rows that have a vector, a score and a group."""
        reasons = self._lacking(rows)
        known = pc.is_null(reasons)
        among = rows.filter(known)
        chosen, ids = self._choose(among), among["id"].combine_chunks()
        near = NEAR.get(self.by, f"enough of its {self.group}")
        found = {
            "id": ids,
            "keep": pa.array(chosen.keep),
            "value": pa.array(chosen.value),
            "reason": pa.array([None if kept else near for kept in chosen.keep], pa.string()),
            "threshold": pa.array(chosen.threshold),
            "other": ids.take(pa.array(chosen.nearest, mask=chosen.keep | (chosen.nearest < 0))),
        }
        lost = {"id": rows["id"].filter(pc.invert(known)), "reason": reasons.filter(pc.invert(known))}
        lost["keep"] = pa.array([False] * len(lost["id"]), pa.bool_())
        return pa.concat_tables([pa.table(found), pa.table(lost)], promote_options="default")

    def _lacking(self, rows: pa.Table) -> pa.ChunkedArray:
        """Why a row cannot be compared; NULL where it can."""
        reasons = pa.chunked_array([pa.nulls(len(rows), pa.string())])
        for name in ("vector", *self.needs()):
            unknown = pc.is_null(rows[name], nan_is_null=True)
            reasons = pc.if_else(unknown, f"{name} is unknown", reasons)
        return reasons

    def _choose(self, rows: pa.Table) -> Chosen:
        if not len(rows):
            return Chosen(*(np.empty(0, kind) for kind in (bool, np.float64, np.float64, np.int64)))
        units = unit(np.stack([np.asarray(vector, np.float32) for vector in rows["vector"].to_numpy()]))
        if self.by == "quota":
            return self._in_turn(units, _codes(rows, self.group or ""))
        if self.by == "mmr":
            relevance = rows[self.score].cast(pa.float64()).to_numpy().astype(np.float32)
            return _of(mmr(units, self.k, relevance, self.diversity))
        return _of(k_centre(units, self.k))

    def _in_turn(self, units: npt.NDArray[np.float32], groups: npt.NDArray[np.int64]) -> Chosen:
        """Each group's first centre, then each one's second, until k rows are kept."""
        place = np.full(len(groups), np.inf)
        for group in np.unique(groups):
            mine = np.flatnonzero(groups == group)
            taken = mine[k_centre(units[mine], self.k).taken]
            place[taken] = np.arange(1, len(taken) + 1)
        order = np.lexsort((groups, place))[: self.k]
        keep = np.isin(np.arange(len(groups)), order)
        quota = np.bincount(groups, weights=keep)[groups].astype(np.float64)
        return Chosen(keep, np.where(np.isinf(place), np.nan, place), quota, np.full(len(groups), -1))


def _of(choice: Choice) -> Chosen:
    keep = np.isin(np.arange(len(choice.worth)), choice.taken)
    bound = np.full(len(keep), choice.worth[choice.taken[-1]], np.float64)
    return Chosen(keep, choice.worth.astype(np.float64), bound, choice.nearest)


def _codes(rows: pa.Table, group: str) -> npt.NDArray[np.int64]:
    name = "problem_id" if group == "problem" else group
    codes: npt.NDArray[np.int64] = rows[name].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes
