"""Norms, ranks and dead units against numpy's own decompositions and against planted ones."""

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ncvc.errors import NcvcError
from ncvc.inspect.folder import require_inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import find_model, with_checkpoints
from ncvc.inspect.parts import layer_and_part
from ncvc.inspect.spectrum import Ranks, ranks, singular_values
from ncvc.inspect.weights.measure import measure
from ncvc.inspect.weights.run import run
from ncvc.progress import Reporter
from tests.inspect.conftest import ARCHITECTURES, NEEDS_FONT

RANDOM = np.random.default_rng(1)


@pytest.mark.parametrize("shape", [(7, 7), (5000, 9), (4, 300), (1, 6)])
def test_singular_values_are_numpys(shape: tuple[int, int]) -> None:
    matrix = RANDOM.normal(size=shape).astype(np.float32)
    expected = np.linalg.svd(matrix.astype(float), compute_uv=False)
    assert singular_values(matrix) == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected[0])


def test_ranks_by_their_definitions() -> None:
    values = np.array([4.0, 2.0, 1.0, 1.0])
    shares = [0.5, 0.25, 0.125, 0.125]
    entropy = -sum(share * math.log(share) for share in shares)
    # 16 + 4 + 1 + 1 = 22: three values hold 95 %, all four 99 %.
    assert ranks(values) == Ranks(4, 4.0, pytest.approx(22 / 16), pytest.approx(math.exp(entropy)), 4)
    assert ranks(np.ones(6)) == Ranks(6, 1.0, pytest.approx(6), pytest.approx(6), 6)
    assert ranks(np.array([3.0, 0.0, 0.0])) == Ranks(3, 3.0, 1.0, 1.0, 1)
    assert ranks(np.array([10.0, 0.9])).energy == 1, "0.81 of 100.81 is less than 1 %"
    assert ranks(np.zeros(3)) == Ranks(3, 0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model.layers.3.mlp.up_proj.weight", (3, "mlp.up_proj")),
        ("gpt_neox.layers.11.attention.query_key_value.bias", (11, "attention.query_key_value.bias")),
        ("transformer.h.0.mlp.c_fc.weight", (0, "mlp.c_fc")),
        ("lm_head.weight", (None, "lm_head")),
    ],
)
def test_layers_and_parts_are_read_from_names(name: str, expected: tuple[int | None, str]) -> None:
    assert layer_and_part(name) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_weight_of_each_architecture(architecture: str, stock: dict[str, Path]) -> None:
    found = measure(open_matrices(find_model(stock[architecture])))
    stored = load_file(stock[architecture] / "model.safetensors")
    assert {weight.name for weight in found.weights} == set(stored)
    for weight in found.weights:
        matrix = stored[weight.name].astype(float)
        assert weight.norm == pytest.approx(np.linalg.norm(matrix))
        assert weight.rms == pytest.approx(np.sqrt((matrix**2).mean()))
        if matrix.ndim == 2:
            assert weight.ranks is not None
            assert weight.ranks.spectral == pytest.approx(np.linalg.norm(matrix, 2), rel=1e-5)
    assert [(dead.layer, dead.units, dead.dead) for dead in found.dead] == [(0, 48, 0), (1, 48, 0)]


DEAD = {
    "llama": [("up_proj", 0), ("gate_proj", 0), ("down_proj", 1)],
    "gpt_neox": [("dense_h_to_4h", 0), ("dense_4h_to_h", 1)],
}


@pytest.mark.parametrize("architecture", sorted(DEAD))
def test_planted_dead_units_and_rows_are_found(architecture: str, stock: dict[str, Path], tmp_path: Path) -> None:
    stored = load_file(stock[architecture] / "model.safetensors")
    for place, (part, axis) in enumerate(DEAD[architecture]):
        name = next(name for name in stored if f"layers.1.mlp.{part}.weight" in name)
        index = (place,) if axis == 0 else (slice(None), place)
        stored[name][index] = 1e-9
        if (bias := name.replace("weight", "bias")) in stored and axis == 0:
            stored[bias][place] = 0
            stored[name][10] = 0  # its bias is not 0, so that the unit is alive
            stored[bias][10] = 1
    embedding = next(name for name in stored if "embed_tokens" in name or "embed_in" in name)
    stored[embedding][[7, 9]] = 0
    for path in stock[architecture].iterdir():
        if path.name != "model.safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    save_file(stored, tmp_path / "model.safetensors", metadata={"format": "pt"})
    found = measure(open_matrices(find_model(tmp_path)))
    assert [dead.dead for dead in found.dead] == [0, len(DEAD[architecture])]
    assert found.rows.zero == (7, 9)


@NEEDS_FONT
def test_checkpoints_of_a_run(run_folder: Path, arcee: Path, tmp_path: Path) -> None:
    paths = with_checkpoints([run_folder])
    assert [path.name for path in paths] == ["step_00000001", "step_00000002"]
    output = require_inspection("weights", tmp_path / "out", paths, replace=False)
    found, values = run([find_model(path) for path in paths], output, reporter=Reporter())
    assert [(each.name, each.step) for each in found] == [("mine/step_00000001", 1), ("mine/step_00000002", 2)]
    assert found[0].rows.unturned is None
    assert found[1].rows.unturned == tuple(range(20, 30)), "shorter, but not turned"
    assert [(dead.layer, dead.dead) for each in found for dead in each.dead] == [(0, 0), (1, 0), (0, 0), (1, 1)]
    assert found[1].rows.initial is not None
    stored = load_file(arcee / "model.safetensors")
    by_name = {weight["name"]: weight for weight in values[1]["weights"]}
    assert set(by_name) == set(stored)
    for name, weight in by_name.items():
        assert weight["norm"] == pytest.approx(np.linalg.norm(stored[name].astype(float)), rel=1e-5)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        *("index.html", "manifest.json", "numbers.json"),
        *("norms.png", "ranks.png", "spectra.png", "rows.png", "dead.png"),
    }


def test_rows_with_the_norm_of_initialization_are_counted(tmp_path: Path, stock: dict[str, Path]) -> None:
    """Of 320 rows drawn with the deviation of the config nearly all are within three standard deviations."""
    found = measure(open_matrices(find_model(stock["llama"])))
    norms = np.linalg.norm(load_file(stock["llama"] / "model.safetensors")["model.embed_tokens.weight"], axis=1)
    assert found.rows.norms == pytest.approx(norms, rel=1e-6)
    expected = sum(abs(norm / 0.3 - math.sqrt(32)) < 3 / math.sqrt(2) for norm in norms)
    assert found.rows.initial == expected
    assert expected > 300


@NEEDS_FONT
def test_another_models_weights_are_refused(stock: dict[str, Path], arcee: Path, tmp_path: Path) -> None:
    models = [find_model(stock["llama"]), find_model(arcee)]
    output = require_inspection("weights", tmp_path / "out", [each.path for each in models], replace=False)
    with pytest.raises(NcvcError, match="give checkpoints of one run"):
        run(models, output, reporter=Reporter())
    assert not (tmp_path / "out").exists()
