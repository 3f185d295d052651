"""Which executor a command asks for: this machine, or a Ray cluster."""

import argparse

from curation.application.cluster import VARIABLE, configured
from curation.errors import UserError


def add_executor(parser: argparse.ArgumentParser) -> None:
    """The flags of a command whose run may compute on a cluster."""
    parser.add_argument(
        "--executor", choices=("local", "ray"), default="local", help="Where operators run (default: local)"
    )
    parser.add_argument("--address", help=f"HOST:PORT of the Ray cluster (default: ${VARIABLE})")


def chosen_cluster(given: argparse.Namespace) -> str | None:
    """The address of the cluster that was asked for; None for this machine."""
    if given.executor == "local":
        if given.address:
            raise UserError("--address names a Ray cluster, so it goes with --executor ray.")
        return None
    address: str | None = given.address or configured()
    if address is None:
        raise UserError(f"--executor ray needs --address HOST:PORT, or {VARIABLE} in the environment.")
    return address
