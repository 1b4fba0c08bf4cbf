"""Encoding alone: analysed text → ids, one thread each; every encoder must give the same ids.

Reading the input and comparing the ids take as long as encoding, so these time themselves: CPU seconds of the process.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

SEPARATOR = "\u001f"

Encode = Callable[[list[str]], list[list[int]]]


def ncvc(folder: Path) -> Encode:
    """Our own."""
    import ncvc

    return ncvc.Tokenizer.load(folder / "tokenizer").encode_morphemes_batch


def tokenizers(folder: Path) -> Encode:
    """Hugging Face tokenizers, with the `tokenizer.json` that `ncvc convert` writes."""
    import tokenizers

    print(f"tokenizers {tokenizers.__version__}")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda texts: [found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False)]


def sentencepiece(folder: Path) -> Encode:
    """SentencePiece, which knows no separator: it gets the morphemes as a list."""
    import sentencepiece

    print(f"sentencepiece {sentencepiece.__version__}")
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer/tokenizer.model"))

    def encode(texts: list[str]) -> list[list[int]]:
        lists = (model.encode(text.split(SEPARATOR), num_threads=1) for text in texts)
        return [[token for ids in morphemes for token in ids] for morphemes in lists]

    return encode


def run(program: Callable[[Path], Encode], texts: list[str], folder: Path) -> None:
    """Leaves CPU seconds and a hash of the ids in `encoded.json`."""
    encode = program(folder)
    started = time.process_time()
    ids = encode(texts)
    seconds = time.process_time() - started
    digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()
    (folder / "encoded.json").write_text(json.dumps({"seconds": seconds, "ids": digest}), encoding="utf-8")


PROGRAMS = {"encode": ncvc, "tokenizers": tokenizers, "sentencepiece": sentencepiece}
