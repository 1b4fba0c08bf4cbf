"""A tokenizer folder with more special pieces at the end of its vocabulary, such as those of a chat."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import ncvc
from ncvc.files import sha256
from ncvc.manifest import MANIFEST, TOKENIZER, own_manifest, write_manifest
from ncvc.tokenizer.scores import PIECE, PIECES

MODEL_FILE = "tokenizer.model"
TYPE = 3 << 3
"""Wire key of a piece's type in sentencepiece_model.proto."""
CONTROL = 3
"""Type of a piece that is never found in text."""


def grow(folder: Path, out: Path, pieces: Sequence[str]) -> None:
    """Writes the tokenizer of `folder`, with control pieces behind its own, into the new folder `out`.

    Ids of the pieces that were there stay, and so do the ids of every text.
    """
    before = own_manifest(folder) or {}
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns(MANIFEST))
    model = (folder / MODEL_FILE).read_bytes()
    (out / MODEL_FILE).write_bytes(model + b"".join(map(_control_piece, pieces)))
    facts = {name: value for name, value in before.items() if name not in ("files", "manifest_sha256", "ncvc", "stage")}
    if before:
        facts |= {"vocab_size": before["vocab_size"] + len(pieces), "grown_from": sha256(folder / MANIFEST)}
    write_manifest(out, ncvc=ncvc.__version__, stage=TOKENIZER, **facts, added_pieces=list(pieces))


def _control_piece(piece: str) -> bytes:
    """A repeated field may go on at the end of a message: protobuf joins both parts."""
    text = piece.encode()
    message = bytes([PIECE, len(text)]) + text + bytes([TYPE, CONTROL])
    assert len(message) < 128, piece
    return bytes([PIECES, len(message)]) + message
