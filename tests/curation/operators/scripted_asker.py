"""An Asker of one scripted model, whatever it is called, that keeps its answers in memory."""

from curation.asker import Asker, Opened
from curation.backends.meter import Meter
from curation.backends.scripted import Scripted


class MemoryBook:
    """Answers by key."""

    def __init__(self):
        self.values = {}

    def get(self, key):
        return self.values.get(key)

    def put(self, key, **values):
        self.values[key] = values


def asker_of(model) -> Asker:
    """An asker of this model; answers make a scripted one."""
    opened = Opened(model if isinstance(model, Scripted) else Scripted(model), "scripted")
    return Asker(lambda name: opened, MemoryBook(), Meter())
