"""A tiny tokenizer folder that the conversion tests share."""

import io
import random
from pathlib import Path

import pytest
import sentencepiece


@pytest.fixture(scope="session")
def morphemes() -> list[str]:
    """Morphemes of two scripts, digits and symbols, some common and some not; the same ones every time."""
    random_ = random.Random(0)
    syllables = "あいうえおかきくけこさしすせそたちつてとなにはひへほまみもやゆよらりるれろわをんー"
    characters = "患者発熱検査所見血圧心電図肺炎治療薬剤投与経過観察外来入院手術腫瘍転移白血球"
    words = ["".join(random_.choices(syllables, k=random_.randint(1, 5))) for _ in range(300)]
    words += ["".join(random_.choices(characters, k=random_.randint(1, 4))) for _ in range(300)]
    words += [*"。、「」（）%.▁", "mg", "dL", "WBC", *map(str, range(30))]
    return random_.choices(words, weights=[1 / (1 + i % 97) for i in range(len(words))], k=20_000)


@pytest.fixture(scope="session")
def tokenizer_folder(morphemes: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SentencePiece pieces with the special pieces and settings of `ncvc tokenizer train`; no dictionary."""
    folder = tmp_path_factory.mktemp("tokenizer")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(morphemes),
        model_writer=model,
        vocab_size=500,
        unk_piece="<unk>",
        bos_piece="<|begin_of_text|>",
        eos_piece="<|end_of_text|>",
        user_defined_symbols=["\n"],
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        split_by_whitespace=False,
        minloglevel=3,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    return folder
