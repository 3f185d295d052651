from training.studies.chart import chart


def test_chart_escapes_names_and_places_values_on_the_axis():
    svg = chart([("<raw>", 0.5, 0.4, 0.6, [0.5])], "Accuracy")
    assert "&lt;raw&gt;" in svg
    assert "<raw>" not in svg
    assert '<circle cx="415.0" cy="64" r="6"' in svg
