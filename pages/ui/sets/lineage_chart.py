"""The lineage graph: files, imports, recipes, sets, train and evaluate runs, and what was made of what."""

from collections import defaultdict
from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from curation.sets.lineage import KINDS, Graph, Kind, Node
from pages.ui.exploring.charts import LIMIT, PALETTE, shorten
from pages.ui.state import put

COLOURS: Mapping[Kind, str] = dict(
    zip(KINDS, (PALETTE[7], PALETTE[6], PALETTE[1], PALETTE[0], PALETTE[2], PALETTE[5]), strict=True)
)
NAMES: Mapping[Kind, str] = {
    "file": "File", "import": "Import", "recipe": "Recipe", "set": "Curated set", "train": "Training",
    "evaluate": "Evaluation",
}  # fmt: skip
ROW, LINE = 74, 22  # pixels between things of a column, letters in a line of a label


def places(graph: Graph) -> dict[str, tuple[int, float]]:
    """A column and a height for everything: after what it was made from, near the middle of it."""
    depths, made_from = graph.depths(), defaultdict(list)
    for source, made in graph.edges:
        made_from[made].append(source)
    columns: dict[int, list[str]] = defaultdict(list)
    for key in graph.nodes:
        followers = [depths[made] for source, made in graph.edges if source == key]
        # a recipe stands beside the set it made rather than at the far left
        depth = min(followers) - 1 if followers and not made_from[key] else depths[key]
        columns[depth].append(key)
    found: dict[str, tuple[int, float]] = {}
    for depth in sorted(columns):
        middle = {key: [found[s][1] for s in made_from[key] if s in found] for key in columns[depth]}
        order = sorted(columns[depth], key=lambda key: -sum(middle[key]) / len(middle[key]) if middle[key] else 0.0)
        for number, key in enumerate(order):
            found[key] = (depth, (len(order) - 1) / 2 - number)
    return found


def figure(graph: Graph, chosen: str = "") -> go.Figure:
    """One mark a thing, coloured by kind, lines from what it was made from; click a mark to open it."""
    where = places(graph)
    drawn = go.Figure(_lines(graph, where))
    for kind in KINDS:
        nodes = [node for node in graph.nodes.values() if node.kind == kind]
        if nodes:
            drawn.add_trace(_marks(kind, nodes, where, chosen))
    widths = [x for x, _ in where.values()] or [0]
    heights = [y for _, y in where.values()] or [0]
    drawn.update_layout(
        height=int(ROW * (max(heights) - min(heights) + 1)) + 90, margin={"l": 8, "r": 8, "t": 30, "b": 8},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, hovermode="closest", dragmode=False,
        clickmode="event+select",
        xaxis={"visible": False, "fixedrange": True, "range": [min(widths) - 0.5, max(widths) + 0.5]},
        yaxis={"visible": False, "fixedrange": True, "range": [min(heights) - 0.7, max(heights) + 0.5]},
    )  # fmt: skip
    return drawn


def _lines(graph: Graph, where: Mapping[str, tuple[int, float]]) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for source, made in graph.edges:
        (x0, y0), (x1, y1) = where[source], where[made]
        xs += [x0, (x0 + x1) / 2, x1, None]
        ys += [y0, (y0 + y1) / 2, y1, None]
    return go.Scatter(
        x=xs, y=ys, mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": "rgba(138, 148, 146, .55)", "width": 1.5},
    )  # fmt: skip


def _marks(kind: Kind, nodes: list[Node], where: Mapping[str, tuple[int, float]], chosen: str) -> go.Scatter:
    rings = [3 if node.id == chosen else 0 for node in nodes]
    return go.Scatter(
        x=[where[node.id][0] for node in nodes], y=[where[node.id][1] for node in nodes], mode="markers+text",
        name=NAMES[kind], text=[_label(node) for node in nodes], textposition="bottom center",
        textfont={"size": 11}, customdata=[node.id for node in nodes],
        marker={"size": 17, "symbol": "square", "color": COLOURS[kind], "line": {"color": LIMIT, "width": rings}},
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}, "textfont": {}},
        hovertext=[f"{NAMES[kind]}: {shorten(node.name, 90)}<br>{shorten(node.detail, 60)}" for node in nodes],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _label(node: Node) -> str:
    return f"{shorten(node.name, LINE)}<br>{shorten(node.detail, LINE)}"


def show(graph: Graph, chosen: str, key: str) -> None:
    """Draw the graph; a click leads to the thing's page."""

    def choose() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata"):
            st.session_state["lineage-opened"] = points[0]["customdata"]

    opened = graph.nodes.get(str(st.session_state.pop("lineage-opened", "")))
    if opened:
        open_node(opened)
    st.plotly_chart(
        figure(graph, chosen), key=key, on_select=choose, selection_mode="points", config={"displayModeBar": False},
        alt="What the set was made from and what was made of it",
    )  # fmt: skip


def open_node(node: Node) -> None:
    """Go to the page of a thing."""
    if node.kind == "set":
        put("set", node.opens)
        st.rerun()
    if node.kind == "recipe":
        st.session_state.pop("draft", None)
        put("draft", node.opens)
        st.switch_page("pages/recipes.py", query_params={"draft": node.opens})
    if node.kind == "file":
        st.switch_page("pages/import.py")
    page = "pages/train.py" if node.kind == "train" else "pages/runs.py"
    st.switch_page(page, query_params={"run": node.opens})
