"""`ncvc quality fit`: what is written, its report in a browser, and the commands from the first to the last."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ncvc.cli.commands import ncvc
from ncvc.errors import NcvcError
from ncvc.evaluate.models import find_models
from ncvc.manifest import own_manifest, verify
from ncvc.quality.documents import find_inputs
from ncvc.quality.fit import fit
from ncvc.quality.label import Labelling, label
from tests.browser import Page, find_browser
from tests.quality.conftest import write_documents


def test_models_are_plain_arrays_and_the_same_again(labels: Path, embeddings: Path, tmp_path: Path) -> None:
    fitted = fit(labels, tmp_path / "a", embeddings=embeddings, trees=5)
    fit(labels, tmp_path / "b", embeddings=embeddings, trees=5)
    for name in ("weights.npy", "forest.npy", "measures.json", "report.html", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert not list(verify(tmp_path / "a"))
    assert np.load(tmp_path / "a/weights.npy", allow_pickle=False).shape == (2**16,)
    manifest = own_manifest(tmp_path / "a")
    assert manifest is not None
    assert manifest["linear"]["longest"] == 2
    assert manifest["forest"] == {"trees": 5, "dimensions": 32}
    measures = json.loads((tmp_path / "a/measures.json").read_text(encoding="utf-8"))
    assert measures["linear"]["documents"] == len(fitted.texts) == 24
    # The kinds differ in every word: a model that learned nothing would be wrong for half of them.
    assert measures["linear"]["accuracy"] == 1.0


def test_labels_of_one_kind_are_refused(address: str, tmp_path: Path) -> None:
    texts = [json.dumps({"text": f"第{number}項。肺炎の患者に抗菌薬を投与した。"}, ensure_ascii=False) for number in range(40)]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(texts), encoding="utf-8")
    inputs = find_inputs([str(tmp_path / "in.jsonl")])
    label(Labelling(inputs, find_models([f"{address}#rule"])), tmp_path / "labels")
    with pytest.raises(NcvcError, match="at least 20 are needed"):
        fit(tmp_path / "labels", tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("held_out", [0.05, 0.5])
def test_the_fewest_documents_can_be_split(held_out: float, address: str, tmp_path: Path) -> None:
    write_documents(tmp_path / "in.jsonl", 40)
    inputs = find_inputs([str(tmp_path / "in.jsonl")])
    label(Labelling(inputs, find_models([f"{address}#rule"])), tmp_path / "labels")
    fitted = fit(tmp_path / "labels", tmp_path / "model", held_out=held_out)
    assert len(fitted.texts) == 40 * held_out
    assert set(fitted.is_high.tolist()) == {True, False}


def test_another_folder_is_refused(embeddings: Path, labels: Path, tmp_path: Path) -> None:
    with pytest.raises(NcvcError, match="holds no labels of `ncvc quality label`"):
        fit(embeddings, tmp_path / "model")
    packed = labels / "labels.jsonl.zst"
    packed.write_bytes(packed.read_bytes()[:-1])
    with pytest.raises(NcvcError, match="damaged"):
        fit(labels, tmp_path / "model")


def test_the_commands_from_the_first_to_the_last(
    address: str, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_documents(Path("text.jsonl"), 100)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(ncvc, ["quality", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    labellers = ["--labeller", f"{address}#rule", "--labeller", f"{address}#strict"]
    labelled = run("label", "text.jsonl", "-o", "labels", *labellers)
    assert "100 documents" in labelled
    assert "rule: 高 50, 低 50, other answers 0" in labelled
    assert "kappa" in labelled
    assert "100 documents in 32 dimensions" in run("embed", "text.jsonl", "-o", "e", "--model", str(model_folder))
    fitted = run("fit", "labels", "-o", "model", "--embeddings", "e", "--trees", "5", "--json")
    assert set(json.loads(fitted)["measures"]) == {"linear", "forest"}
    assert "100 documents; a threshold would drop" in run("apply", "model", "e", "-o", "scores")
    refused = CliRunner().invoke(ncvc, ["quality", "fit", "labels", "-o", "m", "--shortest", "3"])
    assert refused.exit_code == 2


@pytest.mark.skipif(find_browser() is None, reason="no browser is installed")
def test_the_report_in_a_browser(labels: Path, embeddings: Path, tmp_path: Path) -> None:
    fit(labels, tmp_path / "model", embeddings=embeddings, trees=5)
    browser = find_browser()
    assert browser is not None
    with Page(browser, tmp_path / "profile") as page:
        page.open((tmp_path / "model/report.html").as_uri())
        text = page.run("document.body.innerText")
        assert "品質分類器" in text
        assert page.run("document.querySelectorAll('section').length") == 7
        assert "rule のラベルを用いた。" in text
        # Names of lines are Japanese on the Japanese page.
        assert "理想" in text
        assert "perfect" not in text
        assert page.run("document.querySelectorAll('li').length") >= 4 * 12
        wide = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert not page.faults()
