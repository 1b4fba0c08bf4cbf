"""The commands about weights, from the command line: answers, folders, and refusals before anything is loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ncvc.cli.commands import ncvc
from ncvc.errors import NcvcError
from ncvc.manifest import own_manifest, verify
from tests.inspect.conftest import NEEDS_FONT

pytestmark = NEEDS_FONT


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(ncvc, ["inspect", *map(str, arguments)])


def answer(*arguments: object) -> dict[str, object]:
    done = invoke(*arguments, "--json", "--quiet")
    assert done.exit_code == 0, done.exception
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_analogy(stock: dict[str, Path], tmp_path: Path) -> None:
    done = invoke("analogy", stock["llama"], "a", "b", "c", "-o", tmp_path / "out", "--count", 4)
    lines = done.stdout.splitlines()
    assert lines[0] == "a − b + c"
    assert len(lines) == 6
    assert lines[-1] == f"written to {tmp_path / 'out'}"
    refused = invoke("analogy", stock["llama"], "a", "b", "患者", "-o", tmp_path / "other")
    assert isinstance(refused.exception, NcvcError)
    assert "患者: is no piece of the vocabulary" in str(refused.exception)
    assert not (tmp_path / "other").exists()
    found = answer("analogy", stock["llama"], "a", "b", "患者", "--words", "-o", tmp_path / "other")
    assert len(found["analogies"]) == 1
    assert own_manifest(tmp_path / "other")["command"] == "analogy"


def test_a_file_of_analogies_on_a_checkpoint(run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("発熱\tは\tを\tの\n発熱\tは\tを\tZ９脳＃\n", encoding="utf-8")
    out = tmp_path / "out"
    done = invoke("analogy", run_folder / "checkpoints/step_00000001", "--file", tmp_path / "a.tsv", "-o", out)
    assert done.exit_code == 0, done.exception
    assert "line 2 is left out: Z９脳＃ is no piece of the vocabulary" in done.stdout
    assert "1 analogies: top 1" in done.stdout
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "計算できなかった行" in page
    assert "Content-Security-Policy" in page


def test_weights_and_diff(run_folder: Path, arcee: Path, tmp_path: Path) -> None:
    assert answer("weights", arcee, "-o", tmp_path / "weights")["models"] == ["hf"]
    assert (tmp_path / "weights/dead.png").exists()
    steps = sorted((run_folder / "checkpoints").iterdir())
    found = answer("diff", *steps, "-o", tmp_path / "diff")
    assert found["rows_turned"]["model.embed_tokens.weight"] == 11990
    for name in ("weights", "diff"):
        assert not list(verify(tmp_path / name))
        assert (tmp_path / name / "index.html").read_text(encoding="utf-8").count("<svg") >= 3


def test_knowledge(arcee: Path, tmp_path: Path) -> None:
    found = answer("knowledge", arcee, "発熱の", "--choice", "治療。", "--choice", "検査。", "-o", tmp_path / "out")
    assert [choice["name"] for choice in found["choices"]] == ["治療。", "検査。"]
    assert sum(choice["probabilities"][-1] for choice in found["choices"]) == pytest.approx(1)
    again = invoke("knowledge", arcee, "発熱の", "--choice", "治療。", "--choice", "検査。", "-o", tmp_path / "out")
    assert "exists already" in str(again.exception)
    forced = invoke("knowledge", arcee, "a", "--choice", "b", "--choice", "c", "-o", tmp_path / "out", "--force")
    assert forced.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["analogy", ".", "a", "b", "-o", "out"], "give three words, or a file of analogies with --file"),
        (["analogy", ".", "a", "b", "c", "--file", "own.tsv", "-o", "out"], "give three words, or a file"),
        (["analogy", "own.tsv", "a", "b", "c", "-o", "out"], "own.tsv: a file; give a Hugging Face folder"),
        (["analogy", ".", "--file", "own.tsv", "-o", "out"], "own.tsv:1: 1 words; write a, b, c and d"),
        (["analogy", "folder", "a", "b", "c", "-o", "out"], "no Hugging Face model in it"),
        (["weights", "folder", "-o", "folder"], "folder: is folder, which is read"),
        (["diff", "folder", "folder", "-o", "own.tsv"], "own.tsv: is a file"),
        (["knowledge", "folder", "q", "--choice", "a", "-o", "out"], "give at least two choices"),
        (["knowledge", "folder", "--file", "own.tsv", "-o", "out"], "give a question with --choice, or a row"),
        (["knowledge", "folder", "--file", "own.tsv", "--row", "1", "-o", "out"], "own.tsv:1: no row of `ncvc data`"),
        (
            ["knowledge", "folder", "q", "--choice", "a", "--choice", "b", "--letters", "-o", "o"],
            "--letters is for a row",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_answered_before_heavy_imports(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("a b\n")
    (tmp_path / "folder").mkdir()
    program = (
        f"import atexit, sys; sys.argv = ['ncvc', 'inspect', *{arguments}]\n"
        "heavy = {'torch', 'numpy', 'transformers', 'megatron', 'sentencepiece', 'matplotlib', 'sklearn', 'umap'}\n"
        "atexit.register(lambda: print(sorted(heavy & sys.modules.keys())))\n"
        "from ncvc.cli import main; main()"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert done.stdout == "[]\n", done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "own.tsv"]
