"""Compares a tokenizer with SentencePiece on every morpheme of a corpus, and with its own inverse.

    python tools/check_tokenizer.py TOKENIZER FILE.jsonl.zst…

For every document: the ids are SentencePiece's own, morpheme by morpheme; decoding them gives the cleaned text;
cleaning it again changes nothing. Ends with exit status 1 if anything differs.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import batched
from pathlib import Path

import sentencepiece
import zstandard

import ncvc


def documents(path: Path) -> Iterator[str]:
    """The texts of compressed JSON lines."""
    with zstandard.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)["text"]


def main() -> None:
    """Compares, and prints a line a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    tokenizer = ncvc.Tokenizer.load(options.tokenizer)
    reference = sentencepiece.SentencePieceProcessor(model_file=str(options.tokenizer / "tokenizer.model"))
    known: dict[str, list[int]] = {}

    def expected(morpheme: str) -> list[int]:
        if morpheme not in known:
            known[morpheme] = reference.encode(morpheme)
        return known[morpheme]

    wrong = 0
    for path in options.files:
        counts = dict.fromkeys(["documents", "morphemes", "tokens", "unknown", "wrong"], 0)
        for texts in map(list, batched(documents(path), 2000)):
            cleaned = ncvc.clean_batch(texts)
            again = ncvc.clean_batch(cleaned)
            ids = tokenizer.encode_batch(texts)
            decoded = tokenizer.decode_batch(ids)
            rows = zip(cleaned, again, decoded, tokenizer.split_batch(texts), ids, strict=True)
            for text, twice, back, morphemes, found in rows:
                same = found == [i for morpheme in morphemes for i in expected(morpheme)]
                counts["documents"] += 1
                counts["morphemes"] += len(morphemes)
                counts["tokens"] += len(found)
                counts["unknown"] += found.count(tokenizer.unk_id)
                counts["wrong"] += not (same and text == twice == back == "".join(morphemes))
        print(path.name, ", ".join(f"{count:,} {name}" for name, count in counts.items()))
        wrong += counts["wrong"]
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
