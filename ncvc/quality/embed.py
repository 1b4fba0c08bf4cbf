"""Embeds documents: the last hidden state of a model's last token, or what a server makes of a text.

The folder that is written holds, for every `PART` documents, `embeddings_NNNNN.npy` (32-bit floats, a row a document)
and `ids_NNNNN.npy` (16 bytes a document), in the order of the input, and `manifest.json`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ncvc import __version__
from ncvc.arrays import read_array, write_array
from ncvc.errors import NcvcError
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.models import Model
from ncvc.evaluate.server import ServerEngine
from ncvc.files import listed, sha256, whole_file
from ncvc.manifest import QUALITY_EMBEDDINGS, write_manifest
from ncvc.outputs import require_output
from ncvc.progress import Reporter
from ncvc.quality.documents import ID_BYTES, Document, read_documents
from ncvc.quality.folders import require_folder
from ncvc.resumable import ResumableFolder

PART = 4096
"""Documents whose embeddings are kept together: as many are lost at a crash, at most."""


@dataclass(frozen=True)
class Embedding:
    """Documents and a model, before anything is loaded."""

    inputs: Sequence[Path]
    model: Model
    max_tokens: int = 2048
    """Tokens of a document that a folder's model reads at most, from its beginning."""
    most_characters: int = 4000
    """Characters of a document that a server gets at most."""
    text_field: str = "text"
    dtype: str = "float32"

    def identity(self) -> dict[str, Any]:
        """Returns what the embeddings depend on."""
        settings = {name: value for name, value in vars(self).items() if name not in ("inputs", "model")}
        return {
            "inputs": {str(path): sha256(path) for path in self.inputs},
            "model": {self.model.name: self.model.identity},
            **settings,
        }


class EmbeddingFolder(ResumableFolder):
    """Work folder of embedding."""

    KIND = "embedding"
    PARTS = ("parts",)


class Embedder(Protocol):
    """A loaded model."""

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Returns the embeddings of cleaned texts, [texts, size] in float32."""


def embed(
    embedding: Embedding,
    out: Path,
    *,
    device: str = "cpu",
    batch_size: int = 8,
    key_file: Path | None = None,
    replace: bool = False,
    restart: bool = False,
    reporter: Reporter | None = None,
) -> dict[str, int]:
    """Writes the folder `out`; returns the numbers of documents and dimensions.

    `batch_size`: requests under way at once, for a server. Killed and started again it goes on after the last whole
    part. Raises an `NcvcError`.
    """
    reporter = reporter or Reporter()
    reads = [*embedding.inputs, *([embedding.model.path] if embedding.model.kind != "server" else [])]
    final = require_output(out, QUALITY_EMBEDDINGS, reads=reads, replace=replace, work=EmbeddingFolder)
    identity = embedding.identity()
    with EmbeddingFolder(final) as work:
        work.begin_or_resume(identity, restart=restart)
        parts = work.folder / "parts"
        embedder: Embedder | None = None
        documents = size = 0
        for number, some in enumerate(batched(read_documents(embedding.inputs, embedding.text_field), PART)):
            path = parts / f"embeddings_{number:05}.npy"
            # The ids come first: where embeddings are, both are.
            if not path.exists():
                embedder = embedder or _open(embedding, device, batch_size, key_file)
                _save(parts / f"ids_{number:05}.npy", _ids(some))
                _save(path, _checked(embedding, embedder([document.text for document in some])))
            found = np.load(path, mmap_mode="r", allow_pickle=False).shape[1]
            if size not in (0, found):
                raise NcvcError(_sizes(embedding, {size, found}))
            size = found
            documents += len(some)
            reporter.say(f"{documents:,} documents embedded")
        if not documents:
            raise NcvcError(f"{embedding.inputs[0]}: holds no document; give files of `ncvc preprocess --to text`")
        for path in listed(parts, "*.npy"):
            path.rename(work.output / path.name)
        counts = {"documents": documents, "dimensions": size}
        write_manifest(work.output, stage=QUALITY_EMBEDDINGS, ncvc=__version__, **identity, **counts)
        work.publish()
    return counts


def _checked(embedding: Embedding, vectors: np.ndarray) -> np.ndarray:
    """Raises `NcvcError` for embeddings that no forest can be trained on, before they are kept."""
    if not np.isfinite(vectors).all():
        raise NcvcError(
            f"{embedding.model.given}: gives embeddings with values that are no numbers of 32 bits; take another"
            " --dtype, or another model"
        )
    if not vectors.size:
        raise NcvcError(f"{embedding.model.given}: gives embeddings without values; does the server make embeddings?")
    return vectors


def _sizes(embedding: Embedding, sizes: set[int]) -> str:
    found = " and ".join(map(str, sorted(sizes)))
    return f"{embedding.model.given}: gives embeddings of {found} dimensions; begin anew with one model and --restart"


def _ids(documents: Sequence[Document]) -> np.ndarray:
    raw = b"".join(bytes.fromhex(document.id) for document in documents)
    return np.frombuffer(raw, np.uint8).reshape(len(documents), ID_BYTES)


def _save(path: Path, array: np.ndarray) -> None:
    with whole_file(path) as partial:
        write_array(partial, array)


def _open(embedding: Embedding, device: str, batch_size: int, key_file: Path | None) -> Embedder:
    if embedding.model.kind == "server":
        return _server(embedding, batch_size, key_file)
    if embedding.model.kind != "folder":
        raise NcvcError(
            f"{embedding.model.given}: is no folder of the Hugging Face form; `ncvc convert --to hf` writes one"
        )
    return _local(embedding, device)


def _local(embedding: Embedding, device: str) -> Embedder:
    from ncvc.hf.last_state import last_states
    from ncvc.hf.load import load

    lm = load(embedding.model.path, device, embedding.dtype)
    longest = min(embedding.max_tokens, lm.max_tokens or embedding.max_tokens)

    def embedder(texts: Sequence[str]) -> np.ndarray:
        spaced = (text.replace("▁", " ") for text in texts)
        return last_states(lm, [lm.tokenizer.begin(lm.tokenizer.encode(text))[:longest] for text in spaced])

    return embedder


def _server(embedding: Embedding, batch_size: int, key_file: Path | None) -> Embedder:
    engine = ServerEngine(embedding.model.given, Settings(), key_file)

    def embedder(texts: Sequence[str]) -> np.ndarray:
        shown = [text[: embedding.most_characters].replace("▁", " ") for text in texts]
        found = engine.embed(shown, batch_size)
        sizes = {len(vector) for vector in found}
        if len(sizes) > 1:
            raise NcvcError(_sizes(embedding, sizes))
        with np.errstate(over="ignore"):
            return np.array(found, np.float32)

    return embedder


def read_embeddings(folder: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the ids [n, 16] and the embeddings [n, size] of each part of a folder, in order.

    Raises `NcvcError` if `ncvc quality embed` did not write it, or it was changed.
    """
    manifest = require_folder(folder, QUALITY_EMBEDDINGS, whole=False)
    for name in sorted(name for name in manifest["files"] if name.startswith("ids_")):
        vectors = folder / name.replace("ids_", "embeddings_")
        ids = read_array(folder / name, np.dtype(np.uint8), dimensions=2)
        embeddings = read_array(vectors, np.dtype(np.float32), dimensions=2)
        whole = ids is not None and embeddings is not None and ids.shape == (len(embeddings), ID_BYTES)
        if ids is None or embeddings is None or not whole or not np.isfinite(embeddings).all():
            raise NcvcError(f"{vectors}: missing or damaged; `ncvc verify {folder}` names what differs")
        yield ids, embeddings
