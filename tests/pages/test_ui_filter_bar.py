from curation.filters import Filter
from pages.ui.filter_bar import chips

FULL = Filter(
    ranges={"n_tokens": (10, 200), "difficulty": (0.5, None)}, values={"model": ("long", "")}, flags={"correct": None},
    text="wait", problem_id="0123456789",
)  # fmt: skip


def test_every_condition_has_a_chip_in_words():
    assert [name for name, _ in chips(FULL)] == [
        "10 ≤ n_tokens ≤ 200",
        "difficulty ≥ 0.5",
        "model is long or unknown",
        "correct is unknown",
        "contains wait",
        "problem 01234567",
    ]


def test_removing_every_chip_leaves_no_filter():
    chosen = FULL
    while chips(chosen):
        chosen = chips(chosen)[0][1]
    assert chosen == Filter()
