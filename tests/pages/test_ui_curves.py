import pyarrow as pa

from pages.ui.exploring import curves

HELD = pa.table({"traces": [0.1, 1.0], "held": [0.45, 1.0], "shortest": [900.0, 3.0]})


def test_the_curve_of_lengths_starts_at_nothing_and_is_said_in_words():
    line = curves.concentration(HELD, "n_tokens").data[1]
    assert (list(line.x), list(line.y)) == ([0.0, 0.1, 1.0], [0.0, 0.45, 1.0])
    assert "hold %{y:.0%} of all tokens" in line.hovertemplate
    assert curves.in_words(HELD, "n_tokens") == "The longest 10% of the traces hold 45% of all tokens."
    assert curves.in_words(HELD.slice(0, 0), "n_tokens") == ""


def test_roles_are_stacked_over_twenty_slices_with_nothing_where_a_kind_is_absent():
    figure = curves.roles(
        pa.table({"slice": [0, 0, 19], "kind": ["plan", "check", "check"], "share": [0.75, 0.25, 1.0]})
    )
    assert [(area.name, area.y[0], area.y[10], area.y[19]) for area in figure.data] == [
        ("Plan", 0.75, 0.0, 0.0), ("Check", 0.25, 0.0, 1.0),
    ]  # fmt: skip
    assert len(figure.data[0].x) == 20
    assert figure.layout.yaxis.title.text == "Share of characters"
