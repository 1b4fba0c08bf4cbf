"""A tiny tokenizer folder, checkpoint and converted folder that the tests share."""

import io
import random
from pathlib import Path

import pytest
import sentencepiece
import torch

from ncvc.convert.export import to_huggingface
from ncvc.model.config import ModelConfig
from ncvc.tokenizer.scores import round_scores
from tests.drawn import two_layers, write_drawn


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
def pieces_folder(morphemes: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    (folder / "tokenizer.model").write_bytes(round_scores(model.getvalue()))
    return folder


@pytest.fixture(scope="session")
def model() -> ModelConfig:
    """A model of two layers, whose every size is another number."""
    return two_layers(hidden_size=60, ffn_hidden_size=160, num_attention_heads=6)


@pytest.fixture(scope="session")
def checkpoint(model: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the project's own GPTModel; no norm is all ones, so that each shows in the logits."""

    def draw(_: str, noise: torch.Tensor) -> torch.Tensor:
        return 1 + 0.3 * noise if noise.dim() == 1 else 0.15 * noise

    folder = tmp_path_factory.mktemp("run") / "step_00000007"
    return write_drawn(folder, model, draw, seed=1, step=7, tokens_seen=7000)


@pytest.fixture(scope="session")
def converted(checkpoint: Path, pieces_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Hugging Face folder of `checkpoint`, in float32."""
    out = tmp_path_factory.mktemp("converted") / "hf"
    to_huggingface(checkpoint, out, tokenizer=pieces_folder)
    return out
