"""Asking a server in tests without waiting."""

from curation.backends.openai_server import OpenAIModel
from curation.models import Request, ask


class Waits:
    """Waits without waiting, and keeps time by it."""

    def __init__(self):
        self.seconds, self.now = [], 0.0

    def __call__(self, seconds):
        self.seconds.append(seconds)
        self.now += seconds

    def clock(self):
        return self.now


def model(server, **settings):
    waits = Waits()
    return OpenAIModel(server.url, "teacher", **{"wait": waits, "clock": waits.clock, "retries": 2, **settings})


def chats(*questions):
    return [Request(ask(question)) for question in questions]
