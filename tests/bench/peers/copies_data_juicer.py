"""Near copies in Data-Juicer: FOLDER OUT WORKERS."""

import sys

from data_juicer_run import run

if __name__ == "__main__":
    settings = {"window_size": 5, "num_permutations": 128, "jaccard_threshold": 0.7}
    run(*sys.argv[1:], process=[{"document_minhash_deduplicator": settings}])
