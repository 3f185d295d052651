from types import SimpleNamespace

import pyarrow as pa
import pytest

from pages.ui.training import training_plan
from training.objectives.sft import Sft
from training.rows.estimate import Pace, Plan

SET = SimpleNamespace(manifest=SimpleNamespace(rows=1_200, problems=1_000))


@pytest.mark.parametrize(
    ("pace", "held_out", "said"),
    [
        (
            None, 0.0,
            "1,200 rows of 1,000 problems, 5,000 tokens a pass; about 30 steps over 60,000 tokens (12.0 passes). "
            "Time unknown: this student was not trained with this objective here yet.",
        ),
        (
            Pace(100.0, 3), 0.1,
            "1,200 rows of 1,000 problems, 10% of them held out, 5,000 tokens a pass; about 30 steps over 60,000 "
            "tokens (12.0 passes), about 10 min at the pace of the last 3 runs of this student.",
        ),
    ],
)  # fmt: skip
def test_the_plan_is_said_in_one_sentence(pace, held_out, said):
    assert training_plan.sentence(SET, Plan(1_200, 5_000, 60_000, 30), pace, held_out) == said


def test_a_part_of_a_pass_is_not_rounded_to_none():
    assert "(0.05 passes)" in training_plan.sentence(SET, Plan(9, 1_000, 50, 1), None)


def test_the_held_out_share_is_left_out_of_the_plan():
    rows = training_plan.lengths(pa.table({"student_tokens": [10] * 20}))
    whole, part = (training_plan.planned(Sft(held_out=share), rows, 0, 1) for share in (0.0, 0.25))
    assert (whole.rows, part.rows) == (20, 15)
