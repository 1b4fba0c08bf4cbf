"""`ncvc checkpoint average`, beside the exact mean by Python's fractions."""

import json
import shutil
from fractions import Fraction

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from ncvc.checkpoint import format as checkpoint_format
from ncvc.checkpoint.format import write_manifest, write_shard, write_weights
from ncvc.checkpoint.manifest import Facts, GuardState, Piece, checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.cli.commands import ncvc as command_line
from ncvc.errors import CheckpointError, NcvcError
from ncvc.model.config import ModelConfig
from tests.needs import require_needs

MODEL = ModelConfig(
    num_layers=1, hidden_size=8, ffn_hidden_size=16, num_attention_heads=2, num_query_groups=1, vocab_size=10
)
SHAPES = {"embedding.word_embeddings.weight": (10, 8), "decoder.final_layernorm.weight": (8,)}
STEPS = (3, 6, 9, 12)


def weights(step, dtype=torch.float32):
    generator = torch.Generator().manual_seed(step)
    return {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in SHAPES.items()}


@pytest.fixture
def run(tmp_path):
    for step in STEPS:
        write_weights(
            checkpoint_folder(tmp_path / "run", step),
            MODEL,
            weights(step).items(),
            step=step,
            tokens_seen=100 * step,
            tokenizer="ab",
            config={"data": {"tokenizer": "there"}},
        )
    return tmp_path / "run"


def call(*arguments):
    return CliRunner().invoke(command_line, ["checkpoint", "average", *map(str, arguments)], catch_exceptions=False)


def nearest(values):
    """The float32 nearest to the exact mean."""
    exact = sum(map(Fraction, values)) / len(values)
    guess = np.float32(float(exact))
    around = [np.nextafter(guess, np.float32(end)) for end in (-np.inf, np.inf)]
    return float(min((guess, *around), key=lambda each: abs(Fraction(float(each)) - exact)))


def test_the_mean_is_the_exact_one_rounded_once(run, tmp_path):
    assert call(run, tmp_path / "out", "--last", 3).exit_code == 0
    result = Checkpoint.open(tmp_path / "out")
    result.verify()
    for name, shape in SHAPES.items():
        columns = zip(*(weights(step)[name].flatten().tolist() for step in STEPS[1:]), strict=True)
        assert torch.equal(result.weight(name), torch.tensor(list(map(nearest, columns))).view(shape)), name
    facts = result.manifest
    assert [source.step for source in facts.average_of] == list(STEPS[1:])
    sources = [Checkpoint.open(checkpoint_folder(run, step)).manifest.manifest_sha256 for step in STEPS[1:]]
    assert [source.manifest_sha256 for source in facts.average_of] == sources
    assert (facts.step, facts.tokens_seen, facts.tokenizer, facts.optimizer_step) == (12, 1200, "ab", None)
    assert facts.config == {"data": {"tokenizer": "there"}}


def test_the_order_of_the_steps_changes_no_byte(run, tmp_path):
    for name, steps in (("a", (3, 9, 12)), ("b", (12, 3, 9))):
        said = call(run, tmp_path / name, *(word for step in steps for word in ("--step", step)))
        assert said.stdout.splitlines()[0] == "mean of the weights of steps 3, 9, 12"
    files = [sorted((tmp_path / name).iterdir()) for name in "ab"]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_the_optimizers_float32_is_averaged_where_it_is_saved(tmp_path):
    """1 + 1/1024 and 1 + 3/1024 are both 1 in bfloat16."""
    for step, value in ((1, 1 + 2**-10), (2, 1 + 3 * 2**-10)):
        folder = checkpoint_folder(tmp_path / "run", step)
        folder.mkdir(parents=True)
        exact, piece = torch.tensor([value]), Piece(file="", key="", offset=(0,), shape=(1,))
        tensors = [("model.a", exact.bfloat16()), ("optimizer.fp32_param.a", exact)]
        write_shard(folder, 0, [(name, (1,), piece, tensor) for name, tensor in tensors])
        write_manifest(folder, 1, Facts(model=MODEL, step=step))
    call(tmp_path / "run", tmp_path / "out", "--last", 2)
    assert Checkpoint.open(tmp_path / "out").names() == ["model.a"]
    assert Checkpoint.open(tmp_path / "out").weight("a").item() == 1 + 2 * 2**-10


def test_a_shard_is_written_before_the_next_is_made(run, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_format, "SHARD_BYTES", 100)
    call(run, tmp_path / "many", "--last", 2)
    monkeypatch.undo()
    call(run, tmp_path / "one", "--last", 2)
    many, one = (Checkpoint.open(tmp_path / name) for name in ("many", "one"))
    many.verify()
    assert (len(many.manifest.files), len(one.manifest.files)) == (2, 1)
    assert all(torch.equal(many.weight(name), one.weight(name)) for name in SHAPES)


def other_checkpoint(run, **facts):
    shutil.rmtree(checkpoint_folder(run, 9))
    facts = {"model": MODEL, "tokenizer": "ab", "step": 9} | facts
    write_weights(checkpoint_folder(run, 9), facts.pop("model"), weights(9).items(), **facts)


def flip(run):
    file = checkpoint_folder(run, 9) / "rank_00000.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def leave_unfinished(run):
    folder = checkpoint_folder(run, 9)
    (folder / "manifest.json").unlink()


DEEPER = MODEL.model_copy(update={"num_layers": 2})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flip, "step_00000009/rank_00000.safetensors: damaged"),
        (leave_unfinished, "step_00000009: not a checkpoint: manifest.json"),
        (lambda run: other_checkpoint(run, model=DEEPER), "model.num_layers is 2, not 1; leave it out"),
        (lambda run: other_checkpoint(run, tokenizer="cd"), "was trained with another tokenizer than step_00000012"),
        (lambda run: other_checkpoint(run, step=10), "damaged: it is of step 10"),
    ],
)
def test_what_does_not_belong_together_is_refused(run, tmp_path, change, words):
    change(run)
    with pytest.raises(CheckpointError, match=words):
        call(run, tmp_path / "out", "--last", 2)
    assert not (tmp_path / "out").exists()
    assert call(run, tmp_path / "out", "--step", 3, "--step", 6).exit_code == 0


def test_checkpoints_that_a_rollback_left_behind_do_not_count(run, tmp_path):
    guard = GuardState(left_out=((8, 11),))
    write_weights(checkpoint_folder(run, 15), MODEL, weights(15).items(), step=15, tokenizer="ab", guard=guard)
    call(run, tmp_path / "out", "--last", 3)
    assert [source.step for source in Checkpoint.open(tmp_path / "out").manifest.average_of] == [6, 12, 15]
    with pytest.raises(CheckpointError, match="step_00000009: a rollback left it behind"):
        call(run, tmp_path / "other", "--step", 9, "--step", 15)
    (checkpoint_folder(run, 15) / "manifest.json").unlink()
    assert call(run, tmp_path / "whole", "--step", 6, "--step", 12).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--last", 5], "run: has 4 checkpoints, and --last asks for 5"),
        (["--step", 3, "--step", 4], "run: has no checkpoint of step 4; there are 3, 6, 9, 12"),
        (["--step", 3, "--step", 3], "step 3 is named twice"),
    ],
)
def test_a_missing_step_is_one_sentence(run, tmp_path, arguments, words):
    with pytest.raises(CheckpointError, match=words):
        call(run, tmp_path / "out", *arguments)


@pytest.mark.parametrize("arguments", [[], ["--step", 3], ["--last", 2, "--step", 3], ["--last", 1]])
def test_a_wrong_command_line_is_status_2(run, tmp_path, arguments):
    assert call(run, tmp_path / "out", *arguments).exit_code == 2


def test_a_folder_of_somebody_else_is_left_alone(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("x")
    with pytest.raises(NcvcError, match="was not made by ncvc"):
        call(run, tmp_path / "mine", "--last", 2, "--force")
    with pytest.raises(NcvcError, match="lies in"):
        call(run, run / "checkpoints/step_00000099", "--last", 2)
    call(run, tmp_path / "out", "--last", 2)
    with pytest.raises(NcvcError, match="exists already"):
        call(run, tmp_path / "out", "--last", 3)
    said = call(run, tmp_path / "out", "--last", 3, "--force", "--json")
    assert json.loads(said.stdout) == {"output": str(tmp_path / "out"), "steps": [6, 9, 12]}
    with pytest.raises(CheckpointError, match="has no checkpoints; name the folder of a run"):
        call(checkpoint_folder(run, 3), tmp_path / "other", "--last", 2)


def test_it_needs_what_it_imports(run, tmp_path):
    require_needs("checkpoint average", [run, tmp_path / "out", "--last", 2], tmp_path / "check")
