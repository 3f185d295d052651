"""A dot a trace: two scores against each other, or the map of the embedded texts; a lasso or box becomes a filter."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from curation.query.filters import Filter
from curation.query.lasso import Lasso
from pages.ui.exploring.charts import ALL, LIMIT, PALETTE, label, layout, named
from pages.ui.state import set_filter

# Low to high, legible on both themes
SCALE = ((0.0, "#6b7fd7"), (0.5, "#2a8c82"), (1.0, "#e0a33e"))
TOOLS: dict[str, Any] = {"displaylogo": False, "displayModeBar": True, "modeBarButtons": [["lasso2d", "select2d"]]}
MOST = 20_000  # dots drawn


def cloud(
    table: pa.Table, x: str, y: str, colour: str | None = None, area: Lasso | None = None, lasso: bool = False
) -> go.Figure:
    """Dots drawn by the graphics card, coloured by a number or by the commonest values, those outside greyed.

    `table` has x, y, colour and inside; `area` is drawn as its outline; `lasso` is what dragging draws.
    """
    figure = go.Figure()
    inside = table.column("inside").to_numpy(zero_copy_only=False)
    across, up = (table.column(name).to_numpy(zero_copy_only=False).astype("float32") for name in ("x", "y"))
    if not inside.all():
        figure.add_trace(_dots(across[~inside], up[~inside], "left out by the filter", ALL, ""))
    kept = table.filter(pa.array(inside))
    drawn = _by_number if colour and pa.types.is_floating(_number(kept)) else _by_value
    for trace in drawn(kept, across[inside], up[inside], colour, f"{label(x)}: %{{x:.4g}}<br>{label(y)}: %{{y:.4g}}"):
        figure.add_trace(trace)
    if area:
        path = " L ".join(f"{a!r},{b!r}" for a, b in area.points)
        figure.add_shape(type="path", path=f"M {path} Z", line={"color": LIMIT, "width": 1.5, "dash": "dot"})
    figure.update_layout(dragmode="lasso" if lasso else "select", newselection={"line": {"color": LIMIT, "width": 1}})
    layout(figure, 380, label(x), label(y), legend=len(figure.data) > 1)
    figure.update_layout(legend_itemsizing="constant")
    figure.update_yaxes(rangemode="normal")
    return figure


def _number(table: pa.Table) -> pa.DataType:
    """The type of the colour, every kind of number as one."""
    kind = table.schema.field("colour").type
    return pa.float64() if pa.types.is_integer(kind) or pa.types.is_decimal(kind) else kind


def _dots(x: np.ndarray, y: np.ndarray, name: str, colour: str, hover: str) -> go.Scattergl:
    return go.Scattergl(
        x=x, y=y, mode="markers", name=name, marker={"size": 4, "opacity": 0.45, "color": colour},
        hovertemplate=f"{hover}<extra>{name}</extra>" if hover else None, hoverinfo=None if hover else "skip",
    )  # fmt: skip


def _by_number(table: pa.Table, x: np.ndarray, y: np.ndarray, colour: str, hover: str) -> list[go.Scattergl]:
    values = table.column("colour").cast(pa.float64()).to_numpy(zero_copy_only=False)
    known = ~np.isnan(values)
    low, high = np.quantile(values[known], [0.02, 0.98]) if known.any() else (0, 1)
    unknown = [_dots(x[~known], y[~known], "unknown", ALL, hover)] if not known.all() else []
    shaded = go.Scattergl(
        x=x[known], y=y[known], mode="markers", name=label(colour), showlegend=False,
        hovertemplate=f"{hover}<br>{label(colour)}: %{{marker.color:.4g}}<extra></extra>",
        marker={
            "size": 4, "opacity": 0.7, "color": values[known].astype("float32"), "colorscale": SCALE, "cmin": low,
            "cmax": high, "colorbar": {"title": {"text": label(colour), "side": "right"}, "thickness": 12},
        },
    )  # fmt: skip
    return [*unknown, shaded]


def _by_value(table: pa.Table, x: np.ndarray, y: np.ndarray, colour: str | None, hover: str) -> list[go.Scattergl]:
    names = np.array([named(value) for value in table.column("colour").to_pylist()], dtype=object)
    if colour is None:
        return [_dots(x, y, "", PALETTE[0], hover)]
    found, counts = np.unique(names.astype(str), return_counts=True)
    common = [str(name) for name in found[np.argsort(-counts, kind="stable")]][: len(PALETTE)]
    rest = ~np.isin(names.astype(str), common)
    others = [_dots(x[rest], y[rest], f"{len(found) - len(common)} others", ALL, hover)] if rest.any() else []
    ordered = sorted(common, key=lambda name: (name != "true", name))
    shown = [_dots(x[names == name], y[names == name], name, PALETTE[n], hover) for n, name in enumerate(ordered)]
    return [*others, *shown]


def drawn(key: str, chosen: Filter, x: str, y: str, box_is_area: bool = False) -> Callable[[], None]:
    """A callback that turns what was drawn on a cloud into the filter: a lasso is an area, a box two ranges."""

    def take() -> None:
        selection = st.session_state[key]["selection"]
        lassos, boxes = selection.get("lasso") or [], selection.get("box") or []
        bare = lifted(chosen, x, y)
        if lassos:
            set_filter(bare.model_copy(update={"lasso": _around(x, y, lassos[0]["x"], lassos[0]["y"])}))
        elif boxes and box_is_area:
            (left, right), (low, high) = boxes[0]["x"], boxes[0]["y"]
            corners = [left, right, right, left], [low, low, high, high]
            set_filter(bare.model_copy(update={"lasso": _around(x, y, *corners)}))
        elif boxes:
            for name, side in ((x, boxes[0]["x"]), (y, boxes[0]["y"])):
                bare = bare.with_range(name, float(f"{min(side):.4g}"), float(f"{max(side):.4g}"))
            set_filter(bare)
        else:
            set_filter(bare)

    return take


def _around(x: str, y: str, xs: list[float], ys: list[float]) -> Lasso | None:
    return Lasso.around(x, y, list(zip(xs, ys, strict=True)))


def lifted(chosen: Filter, x: str, y: str) -> Filter:
    """The filter without what was drawn on these two axes."""
    mine = chosen.lasso is not None and (chosen.lasso.x, chosen.lasso.y) == (x, y)
    bare = chosen.model_copy(update={"lasso": None}) if mine else chosen
    return bare.with_range(x, None, None).with_range(y, None, None)
