"""Sums as traces, a chat template, and waiting for runs."""

import time

from curation.runs import ACTIVE
from curation.trace import Problem, Trace

TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}<|a|>{{ message['content'] }}<|e|>"
    "{% else %}<|u|>{{ message['content'] }}{% endif %}{% endfor %}{% if add_generation_prompt %}<|a|>{% endif %}"
)


def sums(count, start=0):
    """Traces of sums, `start` apart from other sums."""
    return [sum_trace(number, number + 1) for number in range(start, start + count)]


def sum_trace(a, b):
    """What is a + b?"""
    problem = Problem(f"What is {a} + {b}?", str(a + b), "sums")
    return Trace(problem, f"{a} + {b} = {a + b}.", f"The answer is {a + b}.", "teacher")


def wait(condition, seconds=180.0):
    """Poll until the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def ended(run, seconds=180.0):
    """The run's status once it is no longer active."""
    wait(lambda: run.status().state not in ACTIVE, seconds)
    return run.status()
