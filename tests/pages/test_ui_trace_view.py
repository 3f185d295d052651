from pages.ui.reading import trace_view as view


def test_unknown_scores_say_so_and_names_are_escaped():
    assert view.scores_line({"<b>": None, "correct": True, "n": 1234, "x": 0.71234}) == (
        '<div class="w-scores"><span><span>&lt;b&gt;</span><b>unknown</b></span>'
        "<span><span>correct</span><b>yes</b></span><span><span>n</span><b>1,234</b></span>"
        "<span><span>x</span><b>0.712</b></span></div>"
    )


def test_the_legend_names_only_the_kinds_present():
    assert view.legend({"check", "attempt"}) == (
        '<div class="w-legend" role="list" aria-label="Kinds of segments">'
        '<span><i class="w-attempt"></i>Attempt</span><span><i class="w-check"></i>Check</span></div>'
    )
