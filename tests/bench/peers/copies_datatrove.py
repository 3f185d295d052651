"""Near copies in datatrove: FOLDER OUT WORKERS, in its four stages."""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

CONFIG = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)


def stage(name: str, out: str, tasks: int, workers: int, steps: list[PipelineStep]) -> None:
    """Run steps as so many tasks."""
    LocalPipelineExecutor(steps, tasks=tasks, workers=workers, logging_dir=f"{out}/logs/{name}").run()


if __name__ == "__main__":
    folder, out, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
    reader = JsonlReader(folder, text_key="reasoning")
    stage("sign", out, workers, workers, [reader, MinhashDedupSignature(f"{out}/signatures", config=CONFIG)])
    buckets = MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=CONFIG)
    stage("buckets", out, CONFIG.num_buckets, workers, [buckets])
    stage("cluster", out, 1, 1, [MinhashDedupCluster(f"{out}/buckets", f"{out}/removed", config=CONFIG)])
    stage("filter", out, workers, workers, [
        reader, MinhashDedupFilter(f"{out}/removed"), JsonlWriter(f"{out}/kept", compression=None)
    ])  # fmt: skip
