"""Differences of two models against planted ones."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ncvc.errors import NcvcError
from ncvc.inspect.diff.compare import compare, most_changed, turned
from ncvc.inspect.diff.run import run
from ncvc.inspect.folder import require_inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import find_model
from ncvc.manifest import verify
from ncvc.progress import Reporter
from tests.inspect.conftest import NEEDS_FONT

RANDOM = np.random.default_rng(2)
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
UP, NORM = "model.layers.1.mlp.up_proj.weight", "model.norm.weight"
Change = Callable[[dict[str, np.ndarray], dict[str, object]], None]


def changed(folder: Path, out: Path, change: Change) -> Path:
    """A copy of a model whose weights and config `change` has changed."""
    out.mkdir()
    for path in folder.iterdir():
        (out / path.name).write_bytes(path.read_bytes())
    stored, config = load_file(folder / "model.safetensors"), json.loads((folder / "config.json").read_text())
    change(stored, config)
    save_file(stored, out / "model.safetensors", metadata={"format": "pt"})
    (out / "config.json").write_text(json.dumps(config))
    return out


def test_a_planted_change_of_low_rank(stock: dict[str, Path], tmp_path: Path) -> None:
    added = RANDOM.normal(size=(48, 3)) @ RANDOM.normal(size=(3, 32))

    def change(stored: dict[str, np.ndarray], _: object) -> None:
        stored[UP] = stored[UP] + added.astype(np.float32)
        stored[NORM] = 2 * stored[NORM]
        stored[EMBEDDING][40] *= -1
        stored[EMBEDDING][50] *= 0.5

    before = load_file(stock["llama"] / "model.safetensors")
    tuned = changed(stock["llama"], tmp_path / "tuned", change)
    found = compare(open_matrices(find_model(stock["llama"])), open_matrices(find_model(tuned)))
    by_name = {each.name: each for each in found.changes}
    assert set(by_name) == set(before)
    up = by_name[UP]
    assert up.ranks is not None
    assert 1 <= up.ranks.energy <= 3
    assert up.ranks.stable <= up.ranks.effective <= 3.1
    assert (up.layer, up.part) == (1, "mlp.up_proj")
    assert up.relative == pytest.approx(np.linalg.norm(added) / np.linalg.norm(before[UP]), rel=1e-5)
    both = np.vdot(before[UP], before[UP] + added) / np.linalg.norm(before[UP]) / np.linalg.norm(before[UP] + added)
    assert up.cosine == pytest.approx(both, abs=1e-6)
    assert (by_name[NORM].relative, by_name[NORM].cosine) == pytest.approx((1, 1))
    assert by_name[NORM].ranks is None
    assert {name for name, each in by_name.items() if each.relative} == {UP, NORM, EMBEDDING}
    embedding, head = found.rows
    assert (embedding.name, head.name) == (EMBEDDING, HEAD)
    assert most_changed(embedding, 10) == [40, 50]
    assert embedding.relative[[40, 50]] == pytest.approx([2, 0.5])
    assert turned(embedding) == 1, "a shorter row has not turned"
    assert (most_changed(head, 10), turned(head)) == ([], 0)


def grow(stored: dict[str, np.ndarray], config: dict[str, object]) -> None:
    for name in (EMBEDDING, HEAD):
        stored[name] = np.concatenate([stored[name], np.ones((5, 32), np.float32)])
    config["vocab_size"] = 325


@NEEDS_FONT
def test_a_vocabulary_that_grew(stock: dict[str, Path], tmp_path: Path) -> None:
    grown = changed(stock["llama"], tmp_path / "grown", grow)
    output = require_inspection("diff", tmp_path / "out", [grown], replace=False)
    found, values = run(find_model(stock["llama"]), find_model(grown), output, reporter=Reporter())
    assert all(each.relative == 0 and each.cosine == pytest.approx(1) for each in found.changes)
    assert {each.name: each.added for each in found.changes if each.added} == {EMBEDDING: 5, HEAD: 5}
    assert len(values["pieces_added"]) == 5
    assert not list(verify(tmp_path / "out"))
    with pytest.raises(NcvcError, match=r"has 320 pieces, and .* has 325; give the model whose vocabulary grew second"):
        compare(open_matrices(find_model(grown)), open_matrices(find_model(stock["llama"])))


def test_rows_of_zeros_and_what_comes_of_them(stock: dict[str, Path], tmp_path: Path) -> None:
    def empty(stored: dict[str, np.ndarray], _: object) -> None:
        stored[EMBEDDING][[3, 4]] = 0
        stored[NORM][:] = 0

    emptied = open_matrices(find_model(changed(stock["llama"], tmp_path / "empty", empty)))
    found = compare(emptied, open_matrices(find_model(stock["llama"])))
    assert most_changed(found.rows[0], 5) == [3, 4]
    assert np.isinf(found.rows[0].relative[[3, 4]]).all()
    norm = next(each for each in found.changes if each.name == NORM)
    assert (norm.relative, norm.cosine) == (float("inf"), 0.0)
    same = compare(emptied, emptied)
    assert all(each.relative == 0 for each in same.changes)
    assert turned(same.rows[0]) == 0


def test_other_architectures_are_refused_in_a_sentence(
    stock: dict[str, Path], run_folder: Path, tmp_path: Path
) -> None:
    llama, qwen, neox = (open_matrices(find_model(stock[name])) for name in ("llama", "qwen2", "gpt_neox"))
    for other in (qwen, neox):
        with pytest.raises(NcvcError, match="another architecture; give two models of one"):
            compare(llama, other)
    checkpoint = open_matrices(find_model(run_folder / "checkpoints/step_00000001"))
    with pytest.raises(NcvcError, match="another architecture; give two models of one"):
        compare(checkpoint, llama)

    def narrow(stored: dict[str, np.ndarray], config: dict[str, object]) -> None:
        for name in [name for name in stored if "mlp" in name]:
            stored[name] = np.ascontiguousarray(stored[name][:, :40] if "down" in name else stored[name][:40])
        config["intermediate_size"] = 40

    with pytest.raises(NcvcError, match=r"down_proj.weight is 32 × 40, and 32 × 48 in .*: another architecture"):
        compare(llama, open_matrices(find_model(changed(stock["llama"], tmp_path / "narrow", narrow))))


def test_a_checkpoint_and_a_folder_of_the_same_step_do_not_differ(run_folder: Path, arcee: Path) -> None:
    checkpoints = [open_matrices(find_model(run_folder / f"checkpoints/step_0000000{step}")) for step in (1, 2)]
    folder = open_matrices(find_model(arcee))
    assert not any(each.relative for each in compare(checkpoints[1], folder).changes)
    rows = compare(*checkpoints).rows[0]
    assert rows.relative[20:30] == pytest.approx(np.full(10, 0.1), abs=1e-6)
    assert turned(rows) == 12000 - 10
