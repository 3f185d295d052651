"""Rebuild the sample traces and the benchmark: `python -m data.generator`."""

import logging

from data.generator.rows import DATA, write_samples

logging.basicConfig(level=logging.INFO, format="%(message)s")
write_samples()
logging.info("Wrote samples and benchmark below %s", DATA)
