import json
import random
import re
from pathlib import Path

import pytest
import sentencepiece
from tokenizers import Tokenizer

from ncvc import TokenizerError
from ncvc.convert.tokenizer import read_pieces, write_tokenizer

SEPARATOR = "\u001f"


@pytest.fixture(scope="module")
def both(
    pieces_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tokenizer, sentencepiece.SentencePieceProcessor]:
    out = tmp_path_factory.mktemp("out")
    write_tokenizer(read_pieces(pieces_folder), out, max_length=2048, begin_of_text=True)
    model = sentencepiece.SentencePieceProcessor(model_file=str(pieces_folder / "tokenizer.model"))
    return Tokenizer.from_file(str(out / "tokenizer.json")), model


@pytest.fixture(scope="module")
def pieces(both) -> tuple[Tokenizer, sentencepiece.SentencePieceProcessor]:
    """Both without the normalizer: what is drawn here is no clean text."""
    ours, model = both
    settings = json.loads(ours.to_str()) | {"normalizer": None}
    return Tokenizer.from_str(json.dumps(settings)), model


def test_ids_equal_sentencepiece_on_whole_texts(pieces, morphemes) -> None:
    ours, model = pieces
    for start in range(0, len(morphemes), 50):
        text = morphemes[start : start + 50]
        assert ours.encode(SEPARATOR.join(text), add_special_tokens=False).ids == [
            i for morpheme in text for i in model.encode(morpheme)
        ]


def test_ids_equal_sentencepiece_on_random_morphemes(pieces, morphemes) -> None:
    """Unknown characters included. `a|aa` and `aa|a` are equally probable, and rounded scores make them equal."""
    ours, model = pieces
    random_ = random.Random(1)
    characters = sorted({*"".join(morphemes), "鬱", "x"})
    for _ in range(20_000):
        morpheme = "".join(random_.choices(random_.choices(characters, k=8), k=random_.randint(1, 12)))
        assert ours.encode(morpheme, add_special_tokens=False).ids == model.encode(morpheme)


def test_scores_and_vocabulary_equal_sentencepiece(both) -> None:
    ours, model = both
    assert ours.get_vocab_size() == model.vocab_size()
    assert [ours.id_to_token(i) for i in range(model.vocab_size())] == [
        model.id_to_piece(i) for i in range(model.vocab_size())
    ]


def test_a_line_break_is_its_token_and_survives_decoding(both) -> None:
    ours, _ = both
    ids = ours.encode(f"患者{SEPARATOR}\n{SEPARATOR}▁{SEPARATOR}発熱").ids
    assert 3 in ids
    assert ours.decode(ids, skip_special_tokens=True) == "患者\n 発熱"


def test_the_end_of_text_token_is_read_and_skipped(both) -> None:
    ours, _ = both
    ids = ours.encode("<|end_of_text|>患者", add_special_tokens=False).ids
    assert ids[0] == 2
    assert ours.decode(ids, skip_special_tokens=True) == "患者"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=re.escape(f"{tmp_path}: no tokenizer.model")):
        read_pieces(tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(b"nothing of the kind")
    with pytest.raises(TokenizerError, match="not a SentencePiece model"):
        read_pieces(tmp_path)
