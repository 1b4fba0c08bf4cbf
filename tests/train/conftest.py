"""A small model, small data, and two ranks that stay up for all tests."""

import json
import sys
from pathlib import Path

import pytest

import ncvc.model.lazy_dynamo  # noqa: F401

sys.path.insert(0, str(Path(__file__).parent))  # for small_training, here and in the ranks

from small_training import SMALL, VOCABULARY, Pair, made_up_documents, write_dataset


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A folder with the dataset `corpus` and a `tokenizer` folder's manifest."""
    folder = tmp_path_factory.mktemp("material")
    write_dataset(folder / "corpus", made_up_documents())
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "manifest.json").write_text(json.dumps({"vocab_size": VOCABULARY}))
    return folder


@pytest.fixture
def make_config(material, tmp_path):
    """A function that makes a config of the small model; `section={…}` changes fields."""
    from ncvc.train.config import TrainConfig

    def make(run="run", **changes):
        values = {
            "run": str(tmp_path / run),
            "seed": 5,
            "model": SMALL,
            "data": {
                "prefixes": [str(material / "corpus")],
                "tokenizer": str(material / "tokenizer"),
                "sequence_length": 16,
            },
            "optimizer": {"lr": 0.01},
            "schedule": {
                "train_iters": 6,
                "lr_warmup_iters": 2,
                "global_batch_size": 8,
                "micro_batch_size": 2,
            },
            "checkpoints": {"save_interval": 100, "keep_last": 1000},
            "compute": {"dtype": "float32"},
            "logging": {"tensorboard": False},
        }
        for section, fields in changes.items():
            if isinstance(fields, dict):
                values[section] = {**values.get(section, {}), **fields}
            else:
                values[section] = fields
        return TrainConfig.model_validate(values)

    return make


@pytest.fixture(scope="session")
def pair():
    processes = Pair()
    yield processes
    processes.close()
