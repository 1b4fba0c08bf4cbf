"""What the measured programs read: raw and analysed documents, a dictionary, a tokenizer in both forms."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import encoders
from near_duplicates import with_copies

_SHARED = Path(os.environ.get("NCVC_SHARED", Path(__file__).parents[3] / "shared"))
GENERAL = _SHARED / "data/corpora/general_ja.jsonl.zst"

NEAR_DUPLICATES = ("neardup", "rensa")
LONG = 4
"""How many times as much text threads are compared on."""


@dataclass(frozen=True)
class Files:
    """What the measured programs read and write."""

    folder: Path

    @property
    def raw(self) -> Path:
        """Raw documents as JSON lines."""
        return self.folder / "raw.jsonl"

    @property
    def long(self) -> Path:
        """More of them, so that how a pass ends, one thread idle, weighs little."""
        return self.folder / "long.jsonl"

    @property
    def empty(self) -> Path:
        """One short document."""
        return self.folder / "empty.jsonl"

    @property
    def analysed(self) -> Path:
        """The raw documents as morphemes separated by U+001F."""
        return self.folder / "analysed.jsonl"

    @property
    def copies(self) -> Path:
        """The raw documents, and edited copies of some."""
        return self.folder / "copies.jsonl"

    def input(self, program: str, *, empty: bool = False) -> Path:
        """What a program reads."""
        if empty:
            return self.empty
        if program in NEAR_DUPLICATES:
            return self.copies
        return self.analysed if program in encoders.PROGRAMS else self.raw


@dataclass(frozen=True)
class Sizes:
    """MB (10^6 bytes of UTF-8) of the text that there is to work on."""

    raw: float
    analysed: float
    """Without the separators."""
    copies: float

    def of(self, program: str) -> float:
        """What a program reads."""
        if program in NEAR_DUPLICATES:
            return self.copies
        return self.analysed if program in encoders.PROGRAMS else self.raw


def texts(megabytes: float) -> list[str]:
    """Real text where it is there, else the demo's."""
    if GENERAL.exists():
        import zstandard

        with GENERAL.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            raw = reader.read(int(megabytes * 1.1e6)).decode(errors="ignore")
        found = [json.loads(line)["text"] for line in raw.splitlines()[:-1]]
    else:
        from ncvc.demo.text import documents

        found = [document["text"] for document in documents(seed=1)]
    kept, size = [], 0
    for text in found:
        if size > megabytes * 1e6:
            break
        kept.append(text)
        size += len(text.encode())
    return kept


def prepare(files: Files, megabytes: float) -> Sizes:
    """Writes everything."""
    import ncvc
    from ncvc.convert.tokenizer import read_pieces, write_tokenizer

    more = texts(LONG * megabytes)
    ends = itertools.accumulate(len(text.encode()) for text in more)
    documents = [text for text, end in zip(more, ends, strict=True) if end <= megabytes * 1e6]
    write_documents(files.long, more)
    write_documents(files.raw, documents)
    copies = with_copies(documents)
    write_documents(files.copies, copies)
    write_documents(files.empty, ["空"])
    dictionary, tokenizer = files.folder / "dictionary", files.folder / "tokenizer"
    command = [sys.executable, "-m", "ncvc"]
    subprocess.run([*command, "dictionary", "build", dictionary, "--base", "ipadic"], check=True)
    train = ["tokenizer", "train", tokenizer, files.raw, "--dictionary", dictionary]
    vocabulary = 16384 if GENERAL.exists() else 8192  # the demo's text holds 14,000 pieces
    subprocess.run([*command, *train, "--vocab-size", str(vocabulary)], check=True)
    write_tokenizer(read_pieces(tokenizer), files.folder, max_length=2048, begin_of_text=True)
    write_quality_model(files.folder / "quality")
    morphemes = ncvc.Tokenizer.load(tokenizer).split_batch(documents)
    write_documents(files.analysed, [encoders.SEPARATOR.join(text) for text in morphemes])
    analysed = ["".join(text) for text in morphemes]
    raw, analysed_size, copied = (sum(len(t.encode()) for t in texts) / 1e6 for texts in (documents, analysed, copies))
    return Sizes(raw=raw, analysed=analysed_size, copies=copied)


def write_quality_model(folder: Path) -> None:
    """Writes a linear model of the default size, with random weights: which they are takes no time."""
    import numpy as np

    from ncvc.manifest import QUALITY_MODEL, write_manifest

    folder.mkdir()
    np.save(folder / "weights.npy", np.random.RandomState(0).randn(2**16).astype("<f4"))
    write_manifest(folder, stage=QUALITY_MODEL, linear={"shortest": 1, "longest": 2, "intercept": 0.0})


def write_documents(path: Path, texts: list[str]) -> None:
    """Writes JSON lines."""
    rows = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    path.write_text("".join(rows), encoding="utf-8")
