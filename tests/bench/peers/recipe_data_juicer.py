"""The recipe in Data-Juicer: FOLDER OUT WORKERS. Its flagged words count what looks back."""

import json
import sys
from pathlib import Path

from cues import PRUNED, REPEATED, RUN, WORDS
from data_juicer_run import run

if __name__ == "__main__":
    folder, out, workers = sys.argv[1:]
    flagged = Path(out) / "words"
    flagged.mkdir()
    (flagged / "flagged_words.json").write_text(json.dumps({"en": ["wait", "verify", "check"]}))
    run(folder, out, workers, [
        {"words_num_filter": {"min_num": WORDS[0], "max_num": WORDS[1]}},
        {"word_repetition_filter": {"rep_len": RUN, "max_ratio": REPEATED}},
        {"flagged_words_filter": {"flagged_words_dir": str(flagged), "max_ratio": 0.045}},
        {"replace_content_mapper": {"pattern": PRUNED, "repl": ""}},
    ])  # fmt: skip
