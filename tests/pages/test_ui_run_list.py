import pytest

from curation.runs import Request, Run, Status
from pages.ui.runs.run_list import Listed, amount, in_turn, states, waits_for, wanted


def listed(folder, title, state="done", kind="train", error=None):
    return Listed(
        Run(folder), Request(kind=kind, worker="training.worker", title=title), Status(state=state, error=error)
    )


@pytest.fixture
def found(tmp_path):
    return [
        listed(tmp_path / "a", "sft of base", "failed", error="Memory ran out."),
        listed(tmp_path / "b", "base on sums", "running", "evaluate"),
        listed(tmp_path / "c", "dpo of base", "queued"),
        listed(tmp_path / "d", "orpo of base", "queued"),
    ]


def ids(items):
    return "".join(item.run.id for item in items)


@pytest.mark.parametrize(
    ("kinds", "chosen", "text", "left"),
    [
        ([], [], "", "abcd"),
        (["evaluate"], [], "", "b"),
        ([], ["queued", "failed"], "", "acd"),
        ([], [], "MEMORY base", "a"),
        (["train"], ["queued"], "orpo", "d"),
        ([], [], "nothing", ""),
    ],
)
def test_filters_leave_runs_that_fit_all_of_them(found, kinds, chosen, text, left):
    assert ids(wanted(found, kinds, chosen, text)) == left


def test_what_runs_is_first_then_the_queue_then_what_was_only_just_started(found):
    assert ids(in_turn(found, [found[3].run])) == "bdc"


def test_a_run_waits_for_the_one_before_it(found):
    assert waits_for([]) == "starts as soon as the machine is free"
    assert waits_for(found[:1]) == "waits for sft of base a"
    assert waits_for(found[:3]) == "waits for dpo of base c and 2 before it"


def test_states_are_offered_in_the_order_of_a_run_s_life(found):
    assert states(found) == ["queued", "running", "failed"]


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.2 kB"), (250_000_000, "250 MB"), (7e13, "70.0 TB")],
)
def test_bytes_are_said_as_people_say_them(size, said):
    assert amount(size) == said
