"""A tokenizer folder → `tokenizer.json` and `tokenizer_config.json`, which stock transformers loads.

`tokenizer.json` holds the SentencePiece pieces, ids and scores as a Unigram model. It splits at U+001F, which
cleaning never leaves in a text: text that was cleaned, analysed and joined by U+001F gets the ids that
`ncvc.Tokenizer` gives. Raw text is neither cleaned nor analysed by it; for that the whole tokenizer folder
travels along (`ncvc/tokenizer`).
"""

from pathlib import Path

from ncvc.errors import TokenizerError
from ncvc.files import write_json
from ncvc.special_tokens import END_OF_TEXT, SPECIAL_PIECES, UNKNOWN, first_id

MORPHEME_SEPARATOR = "\u001f"


def read_pieces(folder: Path) -> list[tuple[str, float]]:
    """Pieces with their scores (natural logarithms of probabilities) in the order of their ids.

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
    pieces = [(model.id_to_piece(i), model.get_score(i)) for i in range(model.vocab_size())]
    if tuple(piece for piece, _ in pieces[:4]) != SPECIAL_PIECES:
        raise TokenizerError(f"{path}: its first four pieces are not {SPECIAL_PIECES}; use `ncvc tokenizer train`")
    return pieces


def write_tokenizer(pieces: list[tuple[str, float]], out: Path, max_length: int, *, begin_of_text: bool) -> None:
    """Writes the two files into `out`; `max_length` is in tokens, `begin_of_text` as for `first_id`."""
    first = SPECIAL_PIECES[first_id(begin_of_text=begin_of_text)]
    write_json(out / "tokenizer.json", _tokenizer(pieces, first))
    write_json(out / "tokenizer_config.json", _tokenizer_config(max_length, first))


def _tokenizer(pieces: list[tuple[str, float]], first: str) -> dict[str, object]:
    """The `tokenizers` library's own format.

    Unigram there and in SentencePiece is the same search, but for one thing: SentencePiece always takes a
    user-defined piece. The line break, the only one, is therefore an added token, which is matched before the
    search. It is not `special`, so that decoding keeps it when special tokens are skipped.
    """
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added_token(i, piece, special=piece != "\n") for i, piece in enumerate(SPECIAL_PIECES)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
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
        "model": {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False},
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
