"""Filters: conditions, their text in an address, and their SQL."""

import pytest

from curation.errors import UserError
from curation.query.filters import Filter

COLUMNS = {"n_chars": "number", "model": "category", "closed": "flag"}


def test_an_empty_filter_is_no_text_and_keeps_everything():
    assert (Filter().to_query(), Filter.from_query(""), Filter().where(COLUMNS)) == ("", Filter(), "TRUE")


def test_a_filter_reads_back_from_its_address():
    chosen = Filter(
        ranges={"n_chars": (None, 10.5)}, values={"model": ("a", "b'c")}, flags={"closed": None}, text='"x" & y',
        problem_id="p",
    )  # fmt: skip
    assert Filter.from_query(chosen.to_query()) == chosen
    assert chosen.to_query() == (
        '{"flags":{"closed":null},"problem_id":"p","ranges":{"n_chars":[null,10.5]},"text":"\\"x\\" & y",'
        '"values":{"model":["a","b\'c"]}}'
    )


@pytest.mark.parametrize(
    "text", ["{", "[]", "1", '{"nothing": 1}', '{"ranges": {"n_chars": [1]}}', '{"ranges": {"n_chars": [NaN, null]}}']
)
def test_an_address_that_cannot_be_read_is_refused(text):
    with pytest.raises(UserError, match=r"The filter in the address cannot be read .*remove it from the address"):
        Filter.from_query(text)


def test_conditions_become_sql_with_quoted_values():
    chosen = Filter(
        ranges={"n_chars": (1, 2)}, values={"model": ("it's",)}, flags={"closed": True}, problem_id="p'"
    )  # fmt: skip
    assert chosen.where(COLUMNS) == (
        "\"n_chars\" >= 1.0 AND \"n_chars\" <= 2.0 AND coalesce(\"model\"::VARCHAR, '') IN ('it''s') AND "
        "\"closed\" IS NOT DISTINCT FROM TRUE AND problem_id = 'p'''"
    )


def test_a_column_the_store_lacks_is_named():
    with pytest.raises(UserError, match="Unknown score in the filter 'correct'; known: closed, model, n_chars"):
        Filter(flags={"correct": True}).where(COLUMNS)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Filter(ranges={"model": (1, 2)}), "The filter gives a range for 'model', which is a category"),
        (Filter(flags={"n_chars": True}), "The filter gives a flag for 'n_chars', which is a number"),
    ],
)
def test_a_condition_that_does_not_fit_its_column_is_refused(chosen, message):
    with pytest.raises(UserError, match=message):
        chosen.where(COLUMNS)


def test_ranges_and_values_are_set_replaced_and_removed():
    chosen = Filter().with_range("n_chars", 1, None).with_range("n_chars", 2, 3).with_values("model", ("a",))
    assert chosen == Filter(ranges={"n_chars": (2, 3)}, values={"model": ("a",)})
    assert chosen.with_range("n_chars", None, None).with_values("model", ()) == Filter()


def test_flags_are_set_replaced_and_lifted():
    chosen = Filter().with_flag("closed", True).with_flag("closed", None)
    assert chosen == Filter(flags={"closed": None})
    assert chosen.with_flag("closed") == Filter()
