from curation.verifying.calibration import Calibration
from pages.ui.reading.calibrations import Share, figure, sentence, shares

KNOWN = Calibration("correct", 8, 0.75, 0.4, 0.9, 1.0, 0.6, 1.0)
UNKNOWN = Calibration("correct_second", 0, None, None, None, None, None, None)


def test_only_known_shares_are_drawn():
    assert shares([KNOWN, UNKNOWN]) == [
        Share("correct", "Precision", 0.75, 0.4, 0.9),
        Share("correct", "Recall", 1.0, 0.6, 1.0),
    ]


def test_the_figure_has_a_dot_with_its_interval_for_each_share():
    drawn = figure(shares([KNOWN])).data
    assert [(trace.name, list(trace.x)) for trace in drawn] == [("Precision", [0.75]), ("Recall", [1.0])]
    assert [round(end, 2) for end in (drawn[0].error_x.array[0], drawn[0].error_x.arrayminus[0])] == [0.15, 0.35]


def test_what_is_unknown_says_so():
    assert sentence(KNOWN) == (
        "correct: right when it says right: 75% (40% to 90%); finds of the right ones: 100% (60% to 100%); "
        "8 judged traces"
    )
    assert sentence(UNKNOWN) == (
        "correct_second: right when it says right: unknown; finds of the right ones: unknown; 0 judged traces"
    )
