"""Near copies in datasketch: FOLDER OUT WORKERS, of which it has one."""

import json
import sys
from pathlib import Path

from datasketch import MinHash, MinHashLSH

RUN = 5

if __name__ == "__main__":
    folder, out, _ = sys.argv[1:]
    index, found = MinHashLSH(threshold=0.7, num_perm=128), {}
    for path in sorted(Path(folder).iterdir()):
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(file):
                words = json.loads(text)["reasoning"].lower().split()
                sketch = MinHash(num_perm=128)
                sketch.update_batch(
                    [" ".join(words[place : place + RUN]).encode() for place in range(max(1, len(words) - RUN + 1))]
                )
                name = f"{path.name}:{line}"
                if twins := index.query(sketch):
                    found[name] = min(twins)
                index.insert(name, sketch)
    (Path(out) / "found.json").write_text(json.dumps(found))
