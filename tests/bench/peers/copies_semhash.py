"""Near copies in semhash: FOLDER OUT WORKERS, of which it has one.

Its models are downloads, so it is given a static one of its own kind: 256 random numbers a word.
"""

import json
import sys
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from semhash import SemHash
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

if __name__ == "__main__":
    folder, out, _ = sys.argv[1:]
    paths = sorted(Path(folder).iterdir())
    texts = [json.loads(line)["reasoning"] for path in paths for line in path.read_text("utf-8").splitlines()]
    known = {word: place for place, word in enumerate(sorted({word for text in texts for word in text.split()}))}
    tokenizer = Tokenizer(WordLevel({**known, "[UNK]": len(known)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(0).normal(size=(len(known) + 1, 256)).astype(np.float32)
    model = StaticModel(vectors, tokenizer)
    found = SemHash.from_records(records=texts, model=model).self_deduplicate(threshold=0.99)
    (Path(out) / "found.json").write_text(json.dumps(len(found.filtered)))
