"""Rows of embedding and head for the pieces of another tokenizer, from those of a model's own.

A piece that the model's tokenizer has keeps that row; another one gets the mean of the rows of the tokens that its text
is made of there (fast vocabulary transfer, arXiv 2402.09977, section 3).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor

from ncvc.hf.folder import ModelFolder, read_config
from ncvc.hf.tokenizer import TextTokenizer, load_tokenizer

MODEL = "tokenizer.model"
"""SentencePiece's file in a tokenizer folder."""


@dataclass(frozen=True)
class VocabularyTransfer:
    """For each new piece the model's rows whose mean it gets; none: the mean of all rows."""

    sources: list[list[int]]

    def rows(self, weight: Tensor) -> Tensor:
        """Rows [new pieces, d] in float32 from the model's embedding or head [V, d]."""
        counts = torch.tensor([0, *map(len, self.sources)])
        ids = torch.tensor([row for rows in self.sources for row in rows], dtype=torch.int64)
        means = torch.nn.functional.embedding_bag(ids, weight.float(), counts.cumsum(0)[:-1], mode="mean")
        means[counts[1:] == 0] = weight.float().mean(0)
        return means

    def __str__(self) -> str:
        """Says how many pieces keep a row, and how many get a mean."""
        kept = sum(len(rows) == 1 for rows in self.sources)
        means = [len(rows) for rows in self.sources if len(rows) > 1]
        average = sum(means) / max(1, len(means))
        return f"{len(self.sources)} pieces: {kept} keep a row, {len(means)} get the mean of {average:.1f} on average"


def vocabulary_transfer(folder: Path, vocab_size: int, tokenizer: Path) -> VocabularyTransfer:
    """Finds the rows of the model in `folder`, of `vocab_size` rows, for each piece of the tokenizer folder.

    Raises `ModelFolderError` where the model has no tokenizer that loads.
    """
    theirs = load_tokenizer(ModelFolder(folder, read_config(folder)))
    ours = SentencePieceProcessor(model_file=str(tokenizer / MODEL))
    texts = [theirs.decode([row]) for row in range(vocab_size)]
    # Of several tokens with one text, such as with and without a space before, the first.
    with_text = {text: row for row, text in reversed(list(enumerate(texts)))}
    special = {ours.bos_id(): [theirs.begin([])[0]], ours.eos_id(): [min(theirs.end_ids)], ours.unk_id(): []}
    pieces = (ours.id_to_piece(piece).replace("▁", " ") for piece in range(ours.get_piece_size()))
    return VocabularyTransfer(
        [
            special[piece] if piece in special else _rows(theirs, text, texts, with_text)
            for piece, text in enumerate(pieces)
        ]
    )


def _rows(theirs: TextTokenizer, text: str, texts: list[str], with_text: dict[str, int]) -> list[int]:
    # Llama 2's tokenizer puts a token for a space, whose text is empty, before every text.
    rows = [row for row in theirs.encode(text) if row < len(texts) and (texts[row] or text.isspace())]
    return [with_text[text]] if len(rows) != 1 and text in with_text else rows
