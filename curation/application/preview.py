"""Preview: what recipes would do to the filtered traces of a store, asked again and again while somebody edits."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

from curation.application.executors import Local
from curation.application.memory import Progress, silent
from curation.application.passes import Unmeasured
from curation.application.result import Result
from curation.application.sources import Stored
from curation.engine import Application
from curation.operator import Operator
from curation.query.browse import Browse
from curation.query.filters import Filter
from curation.recipe import check

ROWS = 200  # traces whose text a preview reads


class Preview:
    """Holds the filtered rows, so that a recipe of which one step changed is applied anew only from there.

    Counts are exact while stored scores suffice, and estimates from a sample of ROWS after a step that reads text.
    """

    def __init__(self, store: Browse, chosen: Filter) -> None:
        """Load the light columns of the filtered traces."""
        scratch = Path(tempfile.mkdtemp(prefix="winnow-preview-"))
        self._lock = threading.Lock()
        try:
            self._application = Application(Stored(store, chosen), scratch, Local(), ROWS, silent)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        # with the memory, since results go on reading parts when the preview itself was forgotten
        self._clean = weakref.finalize(self._application.memory, shutil.rmtree, scratch, ignore_errors=True)

    def apply(self, steps: Sequence[Operator], progress: Progress = silent) -> Result:
        """Apply steps, as far as they can be without comparing all texts with each other.

        Such a step ends the result early: `stopped` says why. Raises UserError for a recipe that cannot run.
        """
        check(steps)
        with self._lock:
            memory, stopped = self._application.memory, ""
            memory.progress = progress
            states = [self._application.start]
            try:
                for count in range(len(steps)):
                    states = self._application.after(steps[: count + 1])
            except Unmeasured as error:
                stopped = str(error)
            return Result(memory, steps[: len(states) - 1], states, stopped)

    def close(self) -> None:
        """Give memory and scratch folder back."""
        self._application.memory.close()
        self._clean()
