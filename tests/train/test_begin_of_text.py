"""A training knows whether its documents begin with `<|begin_of_text|>`, and its checkpoints say so.

Written by another author than the rule, from the specification.
"""

import pytest

from ncvc.checkpoint.average import average
from ncvc.checkpoint.manifest import checkpoint_folder, read_manifest
from ncvc.errors import DatasetError
from ncvc.manifest import PREPROCESS, write_manifest
from ncvc.train.datasets import inspect, inspect_all
from tests.small_training import made_up_documents, train_alone, write_dataset

BEGIN = 1


def begun(seed=0):
    return [[BEGIN, *document] for document in made_up_documents(seed=seed)]


@pytest.mark.parametrize(("config", "expected"), [({"begin_of_text": True}, True), ({"begin_of_text": False}, False)])
def test_the_manifest_of_the_data_says_it(tmp_path, config, expected):
    write_dataset(tmp_path / "tokens/a", begun() if expected else made_up_documents())
    write_manifest(tmp_path / "tokens", stage=PREPROCESS, run={"tokenizer": "", "config": config}, inputs={})
    assert inspect(str(tmp_path / "tokens/a"), 64, "").begin_of_text is expected


def test_data_of_before_has_none(tmp_path):
    write_dataset(tmp_path / "tokens/a", made_up_documents())
    write_manifest(tmp_path / "tokens", stage=PREPROCESS, run={"tokenizer": "", "config": {}}, inputs={})
    assert inspect(str(tmp_path / "tokens/a"), 64, "").begin_of_text is False


def test_data_of_other_programs_is_looked_at(tmp_path):
    write_dataset(tmp_path / "with", [[], *begun()])
    write_dataset(tmp_path / "without", [[], *made_up_documents()])
    assert [inspect(str(tmp_path / name), 64, "").begin_of_text for name in ("with", "without")] == [True, False]


def test_both_kinds_in_one_training_are_refused(make_config, tmp_path):
    with_it, without = str(tmp_path / "with"), str(tmp_path / "without")
    write_dataset(tmp_path / "with", begun())
    write_dataset(tmp_path / "without", made_up_documents(seed=1))
    words = r"without: its documents do not begin with <\|begin_of_text\|>, and those of .*with do"
    with pytest.raises(DatasetError, match=words):
        inspect_all(make_config(data={"prefixes": [with_it, without]}), "")
    with pytest.raises(DatasetError, match=words):
        inspect_all(make_config(data={"prefixes": [with_it], "validation_prefixes": [without]}), "")


@pytest.mark.parametrize("expected", [True, False])
def test_the_checkpoint_says_it(make_config, tmp_path, expected):
    write_dataset(tmp_path / "data", begun() if expected else made_up_documents())
    config = make_config(data={"prefixes": [str(tmp_path / "data")]})
    train_alone(config)
    assert read_manifest(checkpoint_folder(config.run, 6)).begin_of_text is expected
    average(config.folder, tmp_path / "mean")
    assert read_manifest(tmp_path / "mean").begin_of_text is expected
