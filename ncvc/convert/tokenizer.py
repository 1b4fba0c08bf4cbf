"""A tokenizer folder → `tokenizer.json` and `tokenizer_config.json`, which stock transformers loads.

`tokenizer.json` holds the SentencePiece pieces, ids and scores as a Unigram model. It splits at U+001F, which
cleaning never leaves in a text: text that was cleaned, analysed and joined by U+001F gets the ids that
`ncvc.Tokenizer` gives. Raw text is cleaned by it as far as a normalizer can (`plain_normalizer`) and not analysed;
for that the whole tokenizer folder travels along (`ncvc/tokenizer`).
"""

from pathlib import Path
from typing import Any, Literal, NamedTuple

from ncvc.convert.plain_normalizer import MORPHEME_SEPARATOR, plain_normalizer
from ncvc.errors import TokenizerError
from ncvc.files import write_json
from ncvc.hf.conversation import CHAT_TOKENS, chat_template
from ncvc.special_tokens import END_OF_TEXT, SPECIAL_PIECES, UNKNOWN, first_id

Kind = Literal["normal", "unknown", "control", "user_defined"]
"""SentencePiece's type of a piece: `control` is never found in text, `user_defined` is always taken whole."""


class Piece(NamedTuple):
    """A row of the vocabulary."""

    text: str
    score: float
    """Natural logarithm of its probability."""
    kind: Kind = "normal"


def read_pieces(folder: Path) -> list[Piece]:
    """Pieces in the order of their ids.

    Raises `TokenizerError` where `folder` has no SentencePiece model of this project.
    """
    import sentencepiece

    path = folder / "tokenizer.model"
    if not path.is_file():
        raise TokenizerError(f"{folder}: no tokenizer.model in it; give a folder that `ncvc tokenizer train` made")
    try:
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError):
        raise TokenizerError(f"{path}: not a SentencePiece model; train the tokenizer again") from None
    pieces = [Piece(model.id_to_piece(i), model.get_score(i), _kind(model, i)) for i in range(model.vocab_size())]
    if tuple(piece.text for piece in pieces[:4]) != SPECIAL_PIECES:
        raise TokenizerError(f"{path}: its first four pieces are not {SPECIAL_PIECES}; use `ncvc tokenizer train`")
    return pieces


def _kind(model: Any, token_id: int) -> Kind:
    """The type of a piece; the library tells the first two, and only user-defined pieces have the score 0."""
    if model.is_unknown(token_id):
        return "unknown"
    if model.is_control(token_id):
        return "control"
    return "normal" if model.get_score(token_id) else "user_defined"


def write_tokenizer(pieces: list[Piece], out: Path, max_length: int, *, begin_of_text: bool) -> None:
    """Writes the two files into `out`; `max_length` is in tokens, `begin_of_text` as for `first_id`.

    A tokenizer with a chat's tokens gets its template.
    """
    first = SPECIAL_PIECES[first_id(begin_of_text=begin_of_text)]
    write_json(out / "tokenizer.json", _tokenizer(pieces, first))
    config = _tokenizer_config(max_length, first)
    if {piece[0] for piece in pieces[-len(CHAT_TOKENS) :]} == set(CHAT_TOKENS):
        config["chat_template"] = chat_template(first)
    write_json(out / "tokenizer_config.json", config)


def _tokenizer(pieces: list[Piece], first: str) -> dict[str, object]:
    """The `tokenizers` library's own format.

    Unigram there and in SentencePiece is the same search. A line break, which SentencePiece always takes, is in no
    other piece and has the highest score, so that it is found too; as an added token it would be cut out before
    the normalizer sees the lines around it. Any other user-defined piece is an added token that decoding
    keeps; control pieces are special wherever they stand, since a vocabulary can have grown by some at its end.
    """
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            _added_token(i, piece.text, special=piece.kind != "user_defined")
            for i, piece in enumerate(pieces)
            if piece.kind != "normal" and piece.text != "\n"
        ],
        "normalizer": plain_normalizer(),
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": MORPHEME_SEPARATOR},
            "behavior": "Removed",
            "invert": False,
        },
        "post_processor": _begin_with(first),
        "decoder": {
            "type": "Sequence",
            "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "Fuse"}],
        },
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [piece[:2] for piece in pieces], "byte_fallback": False},
    }


def _begin_with(first: str) -> dict[str, object]:
    """Puts the special piece `first` before a text, and before a pair of texts."""
    piece: dict[str, object] = {"SpecialToken": {"id": first, "type_id": 0}}
    one, two = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "type": "TemplateProcessing",
        "single": [piece, one],
        "pair": [piece, one, two],
        "special_tokens": {first: {"id": first, "ids": [SPECIAL_PIECES.index(first)], "tokens": [first]}},
    }


def _added_token(token_id: int, content: str, *, special: bool) -> dict[str, object]:
    return {
        "id": token_id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }


def _tokenizer_config(max_length: int, first: str) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": UNKNOWN,
        "bos_token": first,
        "eos_token": END_OF_TEXT,
        "pad_token": END_OF_TEXT,
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
        "model_input_names": ["input_ids", "attention_mask"],
    }
