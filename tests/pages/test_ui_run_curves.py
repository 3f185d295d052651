from pages.ui.runs import run_curves

LINES = [
    {"time": 0.1, "step": 1, "max_steps": 2, "loss": 2.0, "learning_rate": 1e-3, "grad_norm": 1.0, "tokens": 10,
     "tokens_per_second": 5.0, "seconds": 2.0, "eta_seconds": 2.0, "rewards/margins": 0.1, "rewards/format": 1.0,
     "rewards/accuracies": 0.5, "entropy": 0.2, "mfu": 0.4},
    {"step": 1, "max_steps": 2, "held_out_loss": 1.5, "held_out_accuracy": 0.25, "tokens": 10, "seconds": 2.0},
    {"done": 1, "total": 2, "label": "rows"},
    {"step": 2, "max_steps": 2, "loss": 1.0, "tokens": 30, "seconds": 5.0},
]  # fmt: skip


def test_names_are_grouped_and_what_counts_progress_is_none_of_them():
    assert run_curves.groups(LINES) == {
        "Loss": ["loss", "held_out_loss"],
        "Accuracy": ["held_out_accuracy", "rewards/accuracies"],
        "Margins": ["rewards/margins"],
        "Rewards": ["rewards/format"],
        "Speed": ["tokens_per_second"],
        "Use of the device": ["mfu"],
        "Learning rate": ["learning_rate"],
        "Gradient norm": ["grad_norm"],
        "Other": ["entropy"],
    }
    assert run_curves.groups([{"done": 1, "total": 2}]) == {}


def test_one_run_is_drawn_with_all_names_of_a_group_against_the_chosen_axis():
    figure = run_curves.one_run(LINES, "Loss", ["loss", "held_out_loss"], "tokens")
    assert [(line.name, line.x, line.y) for line in figure.data] == [
        ("Loss", (10, 30), (2.0, 1.0)),
        ("Held-out loss", (10,), (1.5,)),
    ]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Tokens", "Loss (nats per token)")


def test_several_runs_are_drawn_with_one_line_each_and_those_without_the_name_are_left_out():
    runs = {"a <b>": LINES, "c": LINES[3:], "d": LINES[2:3]}
    figure = run_curves.several(runs, "loss", "seconds")
    assert [(line.name, line.x, line.y) for line in figure.data] == [
        ("a &lt;b>", (2.0, 5.0), (2.0, 1.0)),
        ("c", (5.0,), (1.0,)),
    ]
    assert figure.layout.showlegend
    assert figure.layout.yaxis.title.text == "Loss (nats per token)"


def test_names_are_said_as_people_say_them():
    assert [run_curves.words(name) for name in ("held_out_loss", "rewards/format", "mfu")] == [
        "Held-out loss", "Rewards: format", "MFU",
    ]  # fmt: skip
