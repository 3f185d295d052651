"""The worker of a serve run whose server is the fake one: fake_worker.py FOLDER MODE."""

import sys
from functools import partial
from pathlib import Path
from typing import Literal

from curation.connection import Place
from curation.job import work
from curation.serving import Program, Served, serve

SERVER = Path(__file__).with_name("fake_server.py")


class Fake(Served):
    """The fake server."""

    backend: Literal["fake"] = "fake"
    mode: str = "well"

    def program(self, name: str, port: int, place: Place) -> Program:
        """Python with the fake server's file."""
        pids = str(place.root / "pids")
        return Program([sys.executable, str(SERVER), self.mode, str(port), pids], {})

    def identity(self, place: Place) -> str:
        """Always the same."""
        return f"fake {self.mode}"

    def open(self, name, place):
        """Nothing asks it."""
        raise AssertionError


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1]), {"serve": partial(serve, connection=Fake(mode=sys.argv[2]))}))
