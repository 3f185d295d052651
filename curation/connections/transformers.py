"""A model on this machine, decoded by transformers."""

from typing import Literal

from pydantic import Field

from curation.asker import Opened
from curation.connection import Connection, Place, weights_of
from curation.params import ModelName


class TransformersConnection(Connection):
    """A model that is loaded where the run is, through transformers: right for small students."""

    here = True
    backend: Literal["transformers"] = "transformers"
    model: ModelName = Field(description="Folder, hub name, base, or the id of a train run")

    def open(self, name: str, place: Place) -> Opened:
        """Load the weights; a GPU is used where there is one."""
        from curation.backends.transformers_model import TransformersModel

        weights = weights_of(self.model, place.runs)
        return Opened(TransformersModel.open(weights), f"transformers {weights}")
