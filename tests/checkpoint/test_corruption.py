"""200 kinds of damage to the checkpoints of a training: each is found, and the one before it is used."""

import random
import shutil

import pytest

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import latest
from ncvc.manifest import verify
from tests.small_training import train_as_rank

EACH = 20
FILES = ("rank_00000.safetensors", "rank_00001.safetensors", "manifest.json")


def flip(random, newest, before):
    path = newest / random.choice(FILES)
    raw = bytearray(path.read_bytes())
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    path.write_bytes(raw)


def truncate(random, newest, before):
    path = newest / random.choice(FILES)
    path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size)])


def lengthen(random, newest, before):
    with (newest / random.choice(FILES)).open("ab") as file:
        file.write(random.randbytes(random.randint(1, 4096)))


def empty(random, newest, before):
    (newest / random.choice(FILES)).write_bytes(b"")


def remove(random, newest, before):
    (newest / random.choice(FILES)).unlink()


def swap(random, newest, before):
    """Two files of the checkpoint."""
    one, other = (newest / name for name in random.sample(FILES, 2))
    text = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(text)


def take_over(random, newest, before):
    """A file of the checkpoint before."""
    name = random.choice(FILES)
    shutil.copy(before / name, newest / name)


def change_a_digit(random, newest, before):
    """Of the manifest, which stays JSON."""
    path = newest / "manifest.json"
    text = path.read_text()
    position = random.choice([at for at, character in enumerate(text) if character in "12345678"])
    path.write_text(text[:position] + str(int(text[position]) + 1) + text[position + 1 :])


def zero_a_block(random, newest, before):
    """As a file system leaves one that was never written."""
    path = newest / random.choice(FILES)
    raw = path.read_bytes()
    begin = random.randrange(len(raw))
    end = min(len(raw), begin + 4096)
    path.write_bytes(raw[:begin] + bytes(end - begin) + raw[end:])
    if path.read_bytes() == raw:
        flip(random, newest, before)


def rename_the_one_before(random, newest, before):
    """Whole, but of another step."""
    shutil.rmtree(newest)
    shutil.copytree(before, newest)


DAMAGES = [
    *(flip, truncate, lengthen, empty, remove, swap, take_over, change_a_digit, zero_a_block),
    rename_the_one_before,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained") / "run"


@pytest.fixture
def trained(make_config, pair, folder):
    """A run of two ranks with the checkpoints of steps 1 and 2, the same for all."""
    if not folder.exists():
        config = make_config(checkpoints={"save_interval": 1}).model_copy(update={"run": str(folder)})
        pair.run(train_as_rank, config, 2)
    return folder


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_found(trained, tmp_path, caplog, damage):
    assert latest(trained).manifest.step == 2
    assert not caplog.messages
    for seed in range(EACH):
        run = tmp_path / str(seed)
        shutil.copytree(trained / "checkpoints", run / "checkpoints")
        newest, before = checkpoint_folder(run, 2), checkpoint_folder(run, 1)
        damage(random.Random(f"{damage.__name__} {seed}"), newest, before)
        assert latest(run).manifest.step == 1, seed
        if damage is not rename_the_one_before:  # which only a run can know
            problems = list(verify(newest)) if (newest / "manifest.json").exists() else ["no manifest"]
            assert problems, seed
        shutil.rmtree(run)
    assert len(caplog.messages) == EACH
    assert all("SKIPPED A DAMAGED CHECKPOINT" in line and "step_00000002" in line for line in caplog.messages)
