"""Files of events: whole lines whatever stopped the one before."""

import pytest

from curation.errors import UserError
from curation.storing.lines import append, read


def numbers(path):
    return read(path, lambda values: values["n"])


@pytest.mark.parametrize(("torn", "kept"), [('{"n": 2, "wo', []), ('{"n": 2}', [2])])
def test_a_line_torn_by_a_stop_is_cut_off_or_given_its_end_before_the_next(tmp_path, torn, kept):
    path = tmp_path / "events.jsonl"
    append(path, {"n": 1}, "An event")
    with open(path, "a") as file:
        file.write(torn)
    assert numbers(path) == [1, *kept]
    append(path, {"n": 3}, "An event")
    assert numbers(path) == [1, *kept, 3]


def test_no_file_holds_no_events(tmp_path):
    assert numbers(tmp_path / "none.jsonl") == []


def test_what_the_disk_refuses_leaves_no_half_line(small_disk):
    path = small_disk / "events.jsonl"
    append(path, {"n": 1}, "An event")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"^The disk is full \(\d+ MiB left\) while writing"):
        append(path, {"n": 2, "text": "x" * 3_000_000}, "An event")
    assert path.read_bytes() == before
    append(path, {"n": 3}, "An event")
    assert numbers(path) == [1, 3]


def test_what_cannot_be_written_says_what_it_is(tmp_path):
    with pytest.raises(UserError, match=r"^An event cannot be written to .*: Is a directory\.$"):
        append(tmp_path, {"n": 1}, "An event")
