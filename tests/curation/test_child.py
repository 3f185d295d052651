import sys

import pytest

from curation.child import Child, ChildDied


def test_a_question_over_its_time_ends_the_child_and_the_next_one_is_answered():
    child = Child("curation.sandbox", "it did not start")
    endless = ["while True: pass", [30.0, 64, 100, 100], "ans"]
    with pytest.raises(ChildDied, match="its time was up") as death:
        child.ask(endless, 0.3)
    assert death.value.by_alarm
    assert child.ask(["1 + 1", [1.0, 64, 100, 100], "ans"], 5)[1] == "2"
    child.close()


def test_a_module_that_does_not_start_is_named():
    with pytest.raises(RuntimeError, match="no such helper"):
        Child("curation.errors", "no such helper").ask(None, 1)


def test_a_closed_child_starts_anew_when_it_is_asked_and_closing_twice_does_no_harm():
    child = Child("curation.sandbox", "it did not start", {"PATH": sys.prefix})
    asked = ["1 + 1", [1.0, 64, 100, 100], "ans"]
    first = child.ask(asked, 5)
    child.close()
    child.close()
    assert child.ask(asked, 5) == first
    child.close()
