"""Tiny random models of three architectures with tokenizers of their own, as stock transformers saves them."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from ncvc.hf.load import LanguageModel, load

TEXT = ["患者は発熱と咳嗽を主訴に来院した。", "The patient was 65 years old 😀.", "胸部X線に異常はない。\n", "  a  b"]
LENGTH = 96
SIZES = {
    "vocab_size": 320,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": LENGTH,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "initializer_range": 0.3,
}


def stock_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level pieces, so that most characters are several of them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZES["vocab_size"],
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def save_model(architecture: str, folder: Path) -> Path:
    torch.manual_seed(0)
    match architecture:
        case "gpt_neox":
            model = GPTNeoXForCausalLM(GPTNeoXConfig(**SIZES))
        case "llama":
            model = LlamaForCausalLM(LlamaConfig(**SIZES, num_key_value_heads=2))
        case "qwen2":
            model = Qwen2ForCausalLM(Qwen2Config(**SIZES, num_key_value_heads=2, tie_word_embeddings=True))
    model.save_pretrained(folder)
    stock_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session", params=["gpt_neox", "llama", "qwen2"])
def stock_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model("llama", tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def lm(stock_folder: Path) -> LanguageModel:
    return load(stock_folder)


@pytest.fixture(scope="session")
def llama(llama_folder: Path) -> LanguageModel:
    return load(llama_folder)
