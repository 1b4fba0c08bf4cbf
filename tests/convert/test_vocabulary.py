"""Continued training of a stock model with a tokenizer of one's own."""

import shutil
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
import torch
import transformers

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert.vocabulary import vocabulary_transfer
from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import records
from tests.convert.test_architectures import SIZES, stock_model
from tests.small_training import train_alone, write_dataset


def byte_level(words):
    """A byte-level BPE tokenizer as Qwen2's and Llama 3's."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=490,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(words, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")


def with_prefix_space(words):
    """A Unigram tokenizer that puts ▁ before every text, as Llama 2's."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.decoder = tokenizers.decoders.Metaspace()
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(words, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


@pytest.fixture(params=[byte_level, with_prefix_space], ids=["bytes", "prefix space"])
def stock(request, morphemes, tmp_path):
    kind, changes = ("Qwen2", {"tie_word_embeddings": True}) if request.param is byte_level else ("Llama", {})
    tokenizer = request.param(["".join(morphemes[i : i + 8]) for i in range(0, 8000, 8)])
    model = stock_model(
        kind, {"eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id} | changes
    )
    model.save_pretrained(tmp_path / "stock")
    tokenizer.save_pretrained(tmp_path / "stock")
    return model, tokenizer, tmp_path / "stock"


def test_each_row_is_the_mean_of_its_texts_tokens(stock, pieces_folder):
    """Counted again with transformers' tokenizer and a loop."""
    model, tokenizer, folder = stock
    transfer = vocabulary_transfer(folder, SIZES["vocab_size"], pieces_folder)
    weight = model.get_input_embeddings().weight.detach()
    rows = transfer.rows(weight)
    assert rows.shape == (500, SIZES["hidden_size"])
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(pieces_folder / "tokenizer.model"))
    torch.testing.assert_close(rows[2], weight[tokenizer.eos_token_id])
    torch.testing.assert_close(rows[1], weight[tokenizer.eos_token_id if tokenizer.bos_token is None else 1])
    torch.testing.assert_close(rows[0], weight.mean(0))
    vocabulary = {tokenizer.decode([row]): row for row in reversed(range(len(tokenizer)))}
    several = 0
    for piece in range(3, 500):
        text = pieces.id_to_piece(piece).replace("▁", " ")
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if not text.isspace():
            ids = [row for row in ids if tokenizer.decode([row]) != ""]
        if len(ids) != 1 and text in vocabulary:
            ids = [vocabulary[text]]
        expected = weight[ids].mean(0) if ids else weight.mean(0)
        torch.testing.assert_close(rows[piece], expected, msg=text)
        several += len(ids) > 1
    assert several > 20
    assert str(transfer).startswith("500 pieces: ")


@pytest.fixture
def make_config(pieces_folder, tmp_path):
    generator = torch.Generator().manual_seed(2)
    write_dataset(tmp_path / "d", torch.randint(4, 500, (20, 200), generator=generator).tolist())
    tokenizer = Path(shutil.copytree(pieces_folder, tmp_path / "tokenizer"))
    (tokenizer / "manifest.json").write_text('{"vocab_size": 500}')

    def make(init_from, *, vocab_size=500, init_vocabulary="transfer", **model):
        sizes = {ours: SIZES[theirs] for ours, theirs in OURS.items()}
        return TrainConfig.model_validate(
            {
                "run": str(tmp_path / "run"),
                "model": {**sizes, "gated_linear_unit": True, "scale_embedding": False, "vocab_size": vocab_size}
                | {"layernorm_epsilon": 1e-6, "hidden_dropout": 0.0, "attention_dropout": 0.0}
                | model,
                "data": {
                    "prefixes": [str(tmp_path / "d")],
                    "tokenizer": str(tokenizer),
                    "sequence_length": 48,
                },
                "optimizer": {"lr": 1e-12},
                "schedule": {"train_iters": 1, "lr_warmup_iters": 0, "global_batch_size": 2, "micro_batch_size": 2},
                "checkpoints": {
                    "save_interval": 1,
                    "init_from": str(init_from),
                    "init_vocabulary": init_vocabulary,
                },
                "compute": {"dtype": "float32"},
                "logging": {"tensorboard": False},
            }
        )

    return make


OURS = {
    "num_layers": "num_hidden_layers",
    "hidden_size": "hidden_size",
    "ffn_hidden_size": "intermediate_size",
    "num_attention_heads": "num_attention_heads",
    "num_query_groups": "num_key_value_heads",
    "max_position_embeddings": "max_position_embeddings",
}


def test_a_run_begins_with_transferred_rows_and_the_other_weights_as_they_are(stock, pieces_folder, make_config):
    model, _, folder = stock
    tied = model.config.tie_word_embeddings
    config = make_config(folder, add_qkv_bias=tied, share_embeddings_and_output_weights=tied)
    train_alone(config)
    after = Checkpoint.open(checkpoint_folder(config.run, 1))
    transfer = vocabulary_transfer(folder, SIZES["vocab_size"], pieces_folder)
    names = {"embedding.word_embeddings.weight": model.get_input_embeddings()}
    if not tied:
        names["output_layer.weight"] = model.get_output_embeddings()
    for name, module in names.items():
        expected = transfer.rows(module.weight.detach())
        torch.testing.assert_close(after.weight(name), expected, atol=1e-8, rtol=0)
    norm = model.model.norm.weight.detach()
    torch.testing.assert_close(after.weight("decoder.final_layernorm.weight"), norm, atol=1e-8, rtol=0)
    assert "500 pieces: " in next(iter(records(config.folder)))["origin"]


def test_rows_are_not_taken_for_those_of_another_tokenizer(stock, make_config):
    model, _, folder = stock
    tied = model.config.tie_word_embeddings
    form = {"add_qkv_bias": tied, "share_embeddings_and_output_weights": tied}
    with pytest.raises(ConfigError, match=r"set checkpoints\.init_vocabulary to transfer"):
        train_alone(make_config(folder, init_vocabulary="keep", **form))


def test_a_checkpoint_has_no_tokenizer_to_transfer_from(checkpoint, make_config):
    with pytest.raises(ConfigError, match="no Hugging Face folder, and has no tokenizer to transfer from"):
        train_alone(make_config(checkpoint))
