"""`ncvc inspect attention` and `memorization` from the command line, on checkpoints and on folders of others."""

import json
from pathlib import Path

import numpy as np
import pytest

import ncvc
from ncvc.convert.export import to_huggingface
from ncvc.manifest import verify
from tests.browser import Page, find_browser
from tests.conftest import SLOW, run_ncvc
from tests.drawn import small_model, write_drawn
from tests.hf.conftest import save_model
from tests.inspect.conftest import NEEDS_FONT
from tests.small_training import write_dataset

TEXTS = ["発熱と咳嗽を認める。", "胸部X線に異常はない。"]

pytestmark = NEEDS_FONT


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run/checkpoints/step_00000007"
    return write_drawn(folder, small_model(num_layers=2), lambda _, noise: 0.3 * noise, step=7, tokens_seen=7000)


@pytest.fixture(scope="module")
def folder(checkpoint: Path, tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to_huggingface(checkpoint, tmp_path_factory.mktemp("hf") / "model", tokenizer=tokenizer_folder)
    return next(tmp_path_factory.getbasetemp().glob("hf*/model"))


@SLOW
def test_attention_of_a_checkpoint_and_of_its_folder(
    checkpoint: Path, folder: Path, tokenizer_folder: Path, tmp_path: Path
) -> None:
    options = ("--heads", "1,4", "--layers", "2")
    run_ncvc("inspect", "attention", folder, *TEXTS, *options, "-o", tmp_path / "a")
    done = run_ncvc(
        "inspect", "attention", checkpoint, *TEXTS, *options, "--tokenizer", tokenizer_folder, "-o", tmp_path / "b"
    )
    assert "end of text: " in done.stdout
    assert list(verify(tmp_path / "a")) == []
    names = ["index.html", "manifest.json", "maps.png", "numbers.json", "shares.png", "weights.npy"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    weights = [np.load(tmp_path / name / "weights.npy") for name in "ab"]
    numbers = json.loads((tmp_path / "a/numbers.json").read_text())
    size = len(numbers["tokens"])
    assert weights[0].shape == (1, 2, size, size)
    assert np.allclose(*weights, atol=1e-5)
    assert np.allclose(weights[0].sum(3), 1, atol=1e-5)
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    assert [each["id"] for each in numbers["tokens"] if not each["end_of_text"]][: len(tokenizer.encode(TEXTS[0]))] == [
        *tokenizer.encode(TEXTS[0])
    ]
    assert numbers["layers_shown"] == [2]
    assert np.shape(numbers["shares"]["end_of_text"]["by_layer_and_head"]) == (2, 4)


def test_attention_stays_within_a_document_where_it_did_in_training(tokenizer_folder: Path, tmp_path: Path) -> None:
    masked = write_drawn(
        tmp_path / "run/checkpoints/step_00000007", small_model(), lambda _, noise: 0.3 * noise,
        config={"data": {"document_mask": True}},
    )  # fmt: skip
    to_huggingface(masked, tmp_path / "model", tokenizer=tokenizer_folder)
    to_huggingface(tmp_path / "model", tmp_path / "again", tokenizer=tokenizer_folder)
    for name, model in (("a", masked), ("b", tmp_path / "again")):
        out = tmp_path / name
        done = run_ncvc("inspect", "attention", model, *TEXTS, "--tokenizer", tokenizer_folder, "-o", out)
        assert "attention stays within a document, as in the model's training" in done.stdout
        assert "Attention stays within a document, as in the model" in (out / "index.html").read_text()
        numbers = json.loads((out / "numbers.json").read_text())
        assert numbers["document_mask"] is True
        assert numbers["shares"].keys() == {"first_token", "end_of_text"}
        documents = np.array([token["document"] for token in numbers["tokens"]])
        weights = np.load(out / "weights.npy")
        assert (weights[..., documents[:, None] != documents] == 0).all()
        assert np.allclose(weights.sum(-1), 1, atol=1e-5)


def test_the_map_tells_the_weight_under_the_pointer(folder: Path, tmp_path: Path) -> None:
    browser = find_browser()
    if browser is None:
        pytest.skip("no browser is installed")
    run_ncvc("inspect", "attention", folder, *TEXTS, "--layers", "1", "--heads", "1", "-o", tmp_path / "out")
    weights = np.load(tmp_path / "out/weights.npy")[0, 0]
    row, column = 5, 2
    with Page(browser, tmp_path / "profile") as page:
        page.open((tmp_path / "out/index.html").as_uri())
        said = page.run(
            f"""(() => {{ const canvas = document.querySelector("canvas"); const box = canvas.getBoundingClientRect();
            const at = (place) => (place + 0.5) / {len(weights)};
            canvas.dispatchEvent(new MouseEvent("mousemove", {{ clientX: box.left + at({column}) * box.width,
            clientY: box.top + at({row}) * box.height }}));
            return document.querySelector("output").textContent; }})()"""
        )
    assert f"{float(said.rpartition(':')[2]):.3f}" == said.rpartition(": ")[2]
    assert float(said.rpartition(": ")[2]) == pytest.approx(weights[row, column], abs=0.005)
    assert said.startswith("5「")


def test_layers_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    for options, said in (
        (("--layers", "3"), "layer 3: the model has 2"),
        (("--heads", "9"), "head 9: the model has 4"),
        (("--heads", "most"), "--heads most: give numbers from 1 on"),
    ):
        done = run_ncvc("inspect", "attention", folder, *TEXTS, *options, "-o", tmp_path / "out", ok=False)
        assert done.returncode == 1
        assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_canaries_in_models_of_others(tmp_path: Path) -> None:
    models = [save_model("gpt_neox", tmp_path / "neox"), save_model("llama", tmp_path / "llama")]
    run_ncvc("inspect", "canaries", "--counts", "0,2", "--each", 1, "-o", tmp_path / "canaries")
    # Byte-level pieces: a sentence takes about all that such a model holds.
    secrets = (tmp_path / "canaries/secrets.jsonl").read_text().splitlines()
    short = [json.dumps(json.loads(line) | {"prefix": "a"}) for line in secrets]
    (tmp_path / "short.jsonl").write_text("\n".join(short))
    out = tmp_path / "out"
    done = run_ncvc(
        "inspect", "memorization", *models, "--canaries", tmp_path / "short.jsonl", "--alternatives", 15, "-o", out
    )
    assert "in 2 documents: exposure" in done.stdout
    numbers = json.loads((out / "numbers.json").read_text())
    assert numbers["models"].keys() == {"neox", "llama"}
    assert numbers["sample"]["most_bits"] == 4
    assert all(0 <= each["exposure"] <= 4 for model in numbers["models"].values() for each in model["canaries"])
    written = "".join(path.read_text() for path in out.iterdir() if path.suffix in (".json", ".html"))
    assert not any(json.loads(line)["secret"] in written for line in secrets)


def test_texts_of_a_data_officer(folder: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    private = "患者の氏名と住所は院外に出してはならないとされている。"
    ids = list(tokenizer.encode(private))
    write_dataset(tmp_path / "data", [[*ids, 2]] * 3 + [[*ids[4:], 2]])
    (tmp_path / "texts.txt").write_text(f"{private}\n短い\n")
    asked = ("inspect", "memorization", folder, "--texts", tmp_path / "texts.txt", "--length", 4, "--prefix", 2)
    out = tmp_path / "out"
    done = run_ncvc(*asked, "--stride", 1, "--data", tmp_path / "data", "-o", out)
    numbers = json.loads((out / "numbers.json").read_text())
    first = 2 - (len(tokenizer.encode(private)) < len(ids))  # one token begins the text
    starts = len(ids) + 1 - 4 - first + 1
    assert numbers["stretches"] == starts
    assert numbers["texts_too_short"] == 1
    # Those behind the fourth token stand in all four documents, the others in three.
    assert sum(group["stretches"] for group in numbers["by_count"]) == starts
    assert {group["count"]: group["stretches"] for group in numbers["by_count"]} == {
        "2–3": 3,
        "4–7": starts - 3,
    }
    assert "n-grams of 4 tokens are reproduced" in done.stdout
    written = "".join(path.read_text() for path in out.iterdir() if path.suffix in (".json", ".html"))
    assert "住所" not in written
    assert out.stat().st_mode & 0o077
    run_ncvc(*asked, "--show-text", "-o", tmp_path / "private")
    assert not (tmp_path / "private").stat().st_mode & 0o077
    unread = run_ncvc(*asked, "--data", tmp_path / "absent", "-o", tmp_path / "never", ok=False)
    assert "absent" in unread.stderr
    long = run_ncvc(*asked[:5], "--length", 400, "-o", tmp_path / "never", ok=False)
    assert "the model holds 64" in long.stderr


def test_options_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("a\n")
    for options in ((), ("--texts", tmp_path / "texts.txt", "--canaries", tmp_path)):
        done = run_ncvc("inspect", "memorization", folder, *options, "-o", tmp_path / "out", ok=False)
        assert "give --canaries or --texts" in done.stderr
    done = run_ncvc("inspect", "memorization", folder, folder, "--texts", tmp_path / "texts.txt", "-o", "x", ok=False)
    assert "--texts is for one MODEL" in done.stderr
