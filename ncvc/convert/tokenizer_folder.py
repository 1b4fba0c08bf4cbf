"""The tokenizer folder of a model: found to be its own, read and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from ncvc.convert.tokenizer import Piece, read_pieces
from ncvc.errors import ConvertError
from ncvc.files import sha256_if_readable
from ncvc.manifest import MANIFEST, Difference, own_manifest, verify


def read_own_pieces(tokenizer: Path, vocab_size: int, digest: str | None, before: Path | None = None) -> list[Piece]:
    """Reads the pieces; raises `ConvertError` where it is not the tokenizer of the model's training data.

    `digest` is the SHA-256 of its manifest, as far as the model says it. A vocabulary may have grown since: `before` is
    the tokenizer folder with fewer pieces than `vocab_size` that the model has, and these must come first.
    """
    if problem := next(_damages(tokenizer), None):
        raise ConvertError(f"{problem}; give the tokenizer as `ncvc tokenizer train` wrote it")
    pieces = read_pieces(tokenizer)
    if len(pieces) != vocab_size:
        raise ConvertError(
            f"{tokenizer}: {len(pieces)} pieces, but the model has a vocabulary of {vocab_size}; "
            "give the tokenizer folder that the training data was made with, or has the added pieces, with --tokenizer"
        )
    if digest is None or sha256_if_readable(tokenizer / MANIFEST) == digest:
        return pieces
    fewer = read_pieces(before) if before else pieces
    if len(fewer) == vocab_size:
        raise ConvertError(
            f"{tokenizer}: not the tokenizer that the training data was made with, though as large;"
            " its manifest.json has another SHA-256 than the model says"
        )
    if pieces[: len(fewer)] != fewer:
        raise ConvertError(
            f"{tokenizer}: its first {len(fewer)} pieces are not those of {before}, from which the vocabulary grew;"
            " give a tokenizer with the added pieces at its end"
        )
    return pieces


def _damages(tokenizer: Path) -> Iterator[Difference]:
    """Yields files of the tokenizer that are not as its manifest says; nothing of a folder without one."""
    differences = verify(tokenizer) if (tokenizer / MANIFEST).is_file() else ()
    return (difference for difference in differences if difference.kind != "added")


def copy_tokenizer(tokenizer: Path, folder: Path) -> None:
    """Copies the tokenizer's own files into the new folder `folder`, and no file that lies beside them."""
    manifest = own_manifest(tokenizer)
    names = [MANIFEST, *manifest["files"]] if manifest else ["tokenizer.model"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tokenizer / name, folder / name)
