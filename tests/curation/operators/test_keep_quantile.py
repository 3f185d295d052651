from curation.operators.keep_quantile import KeepQuantile
from tests.curation.operators.deciding import Row, decided, dropped, kept

NAN = float("nan")


def test_the_lowest_share_stays_and_the_threshold_is_the_last_value_kept():
    rows = [("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0), ("e", 5.0)]
    reason = "loss is above the 0.4 lowest of all rows"
    assert decided(KeepQuantile(score="loss", share=0.4), "id, loss", *rows) == [
        Row("a", 1.0, 2.0, None, None),
        Row("b", 2.0, 2.0, None, None),
        Row("c", 3.0, 2.0, reason, None),
        Row("d", 4.0, 2.0, reason, None),
        Row("e", 5.0, 2.0, reason, None),
    ]


def test_the_highest_share_counts_from_the_other_side():
    rows = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]
    assert kept(KeepQuantile(score="loss", share=0.4, side="highest"), "id, loss", *rows) == ["d", "e"]
    assert kept(KeepQuantile(score="loss", share=1, side="highest"), "id, loss", *rows) == list("abcde")


def test_rows_equal_to_the_last_one_kept_stay_too():
    rows = [("a", 1), ("b", 2), ("c", 2), ("d", 2)]
    assert kept(KeepQuantile(score="loss", share=0.5), "id, loss", *rows) == ["a", "b", "c", "d"]


def test_unknown_is_dropped_or_kept_but_never_counted():
    rows = [("a", 1.0), ("b", 2.0), ("c", NAN), ("d", None)]
    assert dropped(KeepQuantile(score="loss", share=0.5), "id, loss", *rows) == {
        "b": "loss is above the 0.5 lowest of all rows",
        "c": "loss is unknown",
        "d": "loss is unknown",
    }
    assert kept(KeepQuantile(score="loss", share=0.5, unknown="keep"), "id, loss", *rows) == ["a", "c", "d"]


def test_each_group_has_its_own_cut_and_a_small_one_that_of_all_rows():
    rows = [("a", "x", 1), ("b", "x", 2), ("c", "y", 11), ("d", "y", 12), ("e", "z", 10)]
    step = KeepQuantile(score="loss", share=0.5, group="subject", min_group=2)
    assert decided(step, "id, subject, loss", *rows) == [
        Row("a", 1.0, 1.0, None, None),
        Row("b", 2.0, 1.0, "loss is above the 0.5 lowest of its subject", None),
        Row("c", 11.0, 11.0, None, None),
        Row("d", 12.0, 11.0, "loss is above the 0.5 lowest of its subject", None),
        Row("e", 10.0, 10.0, None, None),
    ]


def test_planted_outliers_of_two_shifted_domains_are_exactly_the_rows_cut():
    shifts = {"a": 2.0, "b": 20.0}
    rows = [(f"{name}{n}", name, shift + n / 1000) for name, shift in shifts.items() for n in range(1000)]
    rows += [(f"{name}-planted{n}", name, shift + 2 + n) for name, shift in shifts.items() for n in range(5)]
    planted = {name for name, *_ in rows if "planted" in name}
    step = KeepQuantile(score="loss", share=0.995, group="domain")
    assert set(dropped(step, "id, domain, loss", *rows)) == planted
    everywhere = dropped(KeepQuantile(score="loss", share=0.995), "id, domain, loss", *rows)
    assert {name[0] for name in everywhere} == {"b"}


def test_the_group_may_be_the_problem():
    step = KeepQuantile(score="loss", share=0.5, group="problem", min_group=1)
    assert step.needs() == ("loss",)
    assert kept(step, "id, problem_id, loss", ("a", "p", 1), ("b", "p", 2), ("c", "q", 9)) == ["a", "c"]
