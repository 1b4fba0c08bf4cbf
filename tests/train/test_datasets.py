"""Only what was prepared is trained on: each dataset is compared with the manifest beside it."""

import pytest

from ncvc.errors import DatasetError
from ncvc.files import sha256
from ncvc.manifest import MANIFEST, PREPROCESS, TOKENIZER, write_manifest
from ncvc.train.datasets import inspect, inspect_all
from tests.small_training import last_event, made_up_documents, train_alone, write_dataset


@pytest.fixture
def prepared(tmp_path):
    """A folder with the dataset `a`, as `ncvc preprocess` leaves it, made with the tokenizer `1234`."""
    write_dataset(tmp_path / "tokens/a", made_up_documents(20))
    write_manifest(tmp_path / "tokens", stage=PREPROCESS, run={"tokenizer": "1234"}, inputs={})
    return tmp_path / "tokens"


def test_a_dataset_as_it_was_written_is_verified(prepared):
    facts = inspect(str(prepared / "a"), 64, "1234")
    assert facts.verified
    assert facts.tokens == sum(map(len, made_up_documents(20)))


@pytest.mark.parametrize("name", ["a.bin", "a.idx"])
def test_changed_bytes_are_refused(prepared, name):
    """Ids stay in the vocabulary, and the index stays one."""
    path = prepared / name
    raw = bytearray(path.read_bytes())
    if name == "a.bin":
        raw[0:2], raw[2:4] = raw[2:4], raw[0:2]
    else:
        raw[-8:] = raw[-16:-8]
    assert bytes(raw) != path.read_bytes()
    path.write_bytes(raw)
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        inspect(str(prepared / "a"), 64, "1234")


def test_another_tokenizer_is_refused(prepared):
    with pytest.raises(DatasetError, match=r"encoded with another tokenizer than data\.tokenizer"):
        inspect(str(prepared / "a"), 64, "5678")


def test_a_damaged_manifest_is_refused(prepared):
    path = prepared / MANIFEST
    path.write_bytes(path.read_bytes().replace(b"1234", b"5678"))
    with pytest.raises(DatasetError, match=r"manifest\.json: damaged"):
        inspect(str(prepared / "a"), 64, "5678")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DatasetError, match=r"manifest\.json: damaged"):
        inspect(str(prepared / "a"), 64, "5678")


def test_files_that_the_manifest_does_not_know_are_refused(prepared):
    write_dataset(prepared / "b", made_up_documents(20, seed=1))
    with pytest.raises(DatasetError, match=r"b: not among what `ncvc preprocess` wrote"):
        inspect(str(prepared / "b"), 64, "1234")


def test_a_folder_of_another_kind_is_refused(tmp_path):
    write_dataset(tmp_path / "other/a", made_up_documents(20))
    write_manifest(tmp_path / "other", stage=TOKENIZER)
    with pytest.raises(DatasetError, match="not a folder of `ncvc preprocess`"):
        inspect(str(tmp_path / "other/a"), 64, "1234")


def test_a_dataset_of_another_program_is_said_to_be_unverified(make_config, tmp_path, capsys):
    write_dataset(tmp_path / "d", made_up_documents(20))
    (tmp_path / MANIFEST).write_text('{"made by": "something else"}')
    assert not inspect(str(tmp_path / "d"), 64, "1234").verified
    config = make_config(data={"prefixes": [str(tmp_path / "d")]})
    train_alone(config, stop_after=1)
    assert f"unverified, since ncvc preprocess did not write it: {tmp_path / 'd'}" in capsys.readouterr().out
    assert last_event(config.folder) == "stopped"


def test_a_run_is_refused_whose_data_was_made_with_another_tokenizer(make_config, prepared):
    config = make_config(data={"prefixes": [str(prepared / "a")]})
    with pytest.raises(DatasetError, match="another tokenizer"):
        train_alone(config)
    (prepared / MANIFEST).unlink()
    tokenizer = sha256(make_config().folder.parent.joinpath(config.data.tokenizer) / MANIFEST)
    write_manifest(prepared, stage=PREPROCESS, run={"tokenizer": tokenizer}, inputs={})
    train_alone(config, stop_after=1)


def test_one_content_under_two_names_is_refused(make_config, tmp_path):
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        write_dataset(tmp_path / name, made_up_documents(20, seed))
    a, b, c = (str(tmp_path / name) for name in "abc")
    with pytest.raises(DatasetError, match=rf"{b}: holds the same as {a}; name it once"):
        inspect_all(make_config(data={"prefixes": [a, c, b]}), "")
    with pytest.raises(DatasetError, match=rf"{a}: holds the same as {b}, which is for validation"):
        inspect_all(make_config(data={"prefixes": [a, c], "validation_prefixes": [b]}), "")
    inspect_all(make_config(data={"prefixes": [a], "validation_prefixes": [c]}), "")
