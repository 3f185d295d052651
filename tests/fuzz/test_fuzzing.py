"""The short form of `make fuzz`: the same cases on every machine."""

import pytest

from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS

CASES = 150


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_case_breaks(target):
    outcome = fuzz(target, max(20, int(CASES * target.share)), derandomize=True)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.cases
