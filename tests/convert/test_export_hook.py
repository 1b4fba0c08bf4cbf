"""`checkpoints.export`: the Hugging Face folder of each checkpoint that stays."""

import shutil
from pathlib import Path

import torch
import transformers

from ncvc.manifest import write_manifest
from ncvc.train.beside.checkpoint_hooks import finish_hooks
from ncvc.train.config import TrainConfig
from tests.small_training import tensors, train_alone, write_dataset


def test_each_checkpoint_that_stays_is_exported(pieces_folder, tmp_path):
    write_dataset(tmp_path / "d", torch.randint(4, 500, (20, 60), generator=torch.Generator().manual_seed(2)).tolist())
    tokenizer = Path(shutil.copytree(pieces_folder, tmp_path / "tokenizer"))
    write_manifest(tokenizer, stage="tokenizer", vocab_size=500)
    config = TrainConfig.model_validate(
        {
            "run": str(tmp_path / "run"),
            "model": {
                **{"num_layers": 1, "hidden_size": 32, "ffn_hidden_size": 48, "num_attention_heads": 4},
                **{"num_query_groups": 2, "vocab_size": 500, "max_position_embeddings": 32},
            },
            "data": {"prefixes": [str(tmp_path / "d")], "tokenizer": str(tokenizer), "sequence_length": 16},
            "optimizer": {"lr": 1e-3},
            "schedule": {"train_iters": 3, "lr_warmup_iters": 0, "global_batch_size": 2, "micro_batch_size": 2},
            "checkpoints": {"save_interval": 1, "keep_interval": 2, "export": "hf"},
            "compute": {"dtype": "float32"},
            "logging": {"tensorboard": False},
        }
    )
    train_alone(config)
    assert finish_hooks(config, "none") is True
    exported = config.folder / "hf"
    assert sorted(path.name for path in exported.iterdir()) == ["step_00000002", "step_00000003"]
    model = transformers.AutoModelForCausalLM.from_pretrained(exported / "step_00000002", dtype=torch.float32)
    norm = tensors(config, 2)["model.decoder.final_layernorm.weight"]
    assert torch.equal(model.model.norm.weight.detach(), norm)
