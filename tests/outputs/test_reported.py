"""Losses of users' files that were found by trying: each keeps its file."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import ncvc
from ncvc.checkpoint.commit import commit
from ncvc.checkpoint.manifest import require_checkpoints
from ncvc.cli.commands import ncvc as command_line
from ncvc.demo.folder import MARKER, prepare
from ncvc.documents.sources import find_sources
from ncvc.errors import CheckpointError, ConvertError, DemoError, ModelFolderError, NcvcError
from ncvc.hf.folder import weight_files
from ncvc.manifest import GGUF, HUGGINGFACE, write_manifest
from ncvc.outputs import LOG_HEAD, require_output
from tests.conftest import ROOT


def run(*words: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ncvc", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def written(path: Path, text: str = "mine") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["notes.txt", "config.json", "rank_00000.safetensors.txt"])
def test_a_folder_with_a_checkpoints_name_is_not_replaced(tmp_path: Path, name: str) -> None:
    mine = written(tmp_path / "checkpoints/step_00000030" / name)
    with pytest.raises(CheckpointError, match="in the way of a checkpoint and not ncvc's; move it away"):
        require_checkpoints(tmp_path)
    partial = tmp_path / "checkpoints/.step_00000030.partial"
    written(partial / "manifest.json")
    with pytest.raises(CheckpointError, match="in the way of a checkpoint"):
        commit(partial, mine.parent)
    assert mine.read_text() == "mine"
    assert not partial.exists()


def test_a_link_with_a_checkpoints_name_is_not_replaced(tmp_path: Path) -> None:
    mine = written(tmp_path / "elsewhere/rank_00000.safetensors")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/step_00000030").symlink_to(mine.parent)
    with pytest.raises(CheckpointError, match="in the way of a checkpoint"):
        require_checkpoints(tmp_path)


@pytest.mark.parametrize("kind", [HUGGINGFACE, GGUF, "tokenizer"])
@pytest.mark.parametrize("folder", ["checkpoints", "tensorboard", "wandb", "data_index"])
def test_nothing_is_written_where_a_training_writes(tmp_path: Path, folder: str, kind: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/log.jsonl").write_bytes(LOG_HEAD + b'"start"}\n')
    with pytest.raises(NcvcError, match="where a training writes; choose another output"):
        require_output(tmp_path / "run" / folder / "step_00000030", kind, reads=[], replace=False)
    require_output(tmp_path / "run/exported", kind, reads=[], replace=False)


@pytest.mark.parametrize(
    "name",
    [
        "run/checkpoints/thesis.docx",
        "run/checkpoints/step_00000020/result.txt",
        "run/tensorboard/my_analysis.csv",
        "run/wandb/notes.md",
        "tuning/checkpoints/step_00000150/result.txt",
        "tuning/checkpoints/.tuning.partial/checkpoint-1/notes.txt",
        "scores/report.html",
        "questions/test.jsonl",
        "tuned/notes.txt",
        "questions-train.jsonl",
        "tune.yaml",
        ".hf.partial/thesis.txt",
        ".loss.png.partial/y",
        ".run.partial",
        "text.jsonl",
        "terms.csv",
        "train.yaml",
        "dictionary",
        "loss.png",
    ],
)
def test_a_demo_leaves_what_no_demo_made(tmp_path: Path, name: str) -> None:
    (tmp_path / MARKER).write_text("")
    mine = written(tmp_path / name)
    with pytest.raises((DemoError, NcvcError)):
        prepare(tmp_path)
    assert mine.read_text() == "mine"


def test_a_page_that_appears_meanwhile_is_left(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    words = [sys.executable, "-m", "ncvc", "clean", "--clinical", "--show", str(page)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdin is not None
    process.stdin.write("患者氏名：山田太郎\n")
    process.stdin.flush()
    time.sleep(2)  # the page was found to be free
    page.write_text("mine")
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert "was not made by this command" in said
    assert page.read_text() == "mine"


def test_a_dictionary_that_appears_meanwhile_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, file = tmp_path / "base", tmp_path / "mine.dic"
    written(base / "lex.csv", "患者,0,0,100,名詞,一般,*\n")
    written(base / "matrix.def", "1 1\n0 0 0\n")
    written(base / "char.def", "DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 SPACE\n")
    written(base / "unk.def", "DEFAULT,0,0,1000,名詞,一般,*\nSPACE,0,0,1000,記号,空白,*\n")
    build = ncvc.build_dictionary

    def slowly(*arguments: Any, **options: Any) -> Any:
        file.write_text("mine")
        return build(*arguments, **options)

    monkeypatch.setattr(ncvc, "build_dictionary", slowly)
    words = ["dictionary", "build", str(file), "--base", str(base)]
    with pytest.raises(NcvcError, match="was not made by this command"):
        CliRunner().invoke(command_line, words, catch_exceptions=False)
    assert file.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "mine.dic"]


@pytest.mark.parametrize(("name", "words"), [("\udcff\udcfe", "not UTF-8"), ("a" * 300, "longer than 225 bytes")])
def test_a_name_that_cannot_be_is_said(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(NcvcError, match=words):
        require_output(tmp_path / name, HUGGINGFACE, reads=[], replace=False)


def test_weights_that_are_a_fifo_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.safetensors")
    with pytest.raises(ModelFolderError, match="not a regular file"):
        weight_files(tmp_path)


def test_an_input_that_is_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "notes.jsonl")
    with pytest.raises(NcvcError, match=r"notes\.jsonl: no regular file"):
        find_sources([str(tmp_path / "notes.jsonl")], tmp_path)


@pytest.mark.parametrize("words", [(), ("train",), ("convert",), ("dictionary",), ("init",)])
def test_a_command_alone_shows_its_help_in_lines(words: tuple[str, ...]) -> None:
    alone = run(*words)
    assert alone.returncode == 2
    assert alone.stderr == run(*words, "--help").stdout
    assert len(alone.stderr.splitlines()) > 5


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("preprocess", "a dataset"),
        ("tokenizer", "a tokenizer"),
        (None, "neither manifest.json"),
        ("run", "a training run"),
    ],
)
@pytest.mark.parametrize("target", ["hf", "llama", "gguf"])
def test_what_cannot_be_converted_is_named_without_torch(
    tmp_path: Path, stage: str | None, words: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    if stage == "run":
        (source / "checkpoints/step_00000030").mkdir(parents=True)
    elif stage:
        write_manifest(source, stage=stage)
    for heavy in ("torch", "transformers", "gguf"):
        monkeypatch.setitem(sys.modules, heavy, None)  # whoever imports it fails
    with pytest.raises(ConvertError, match=words):
        CliRunner().invoke(
            command_line, ["convert", str(source), str(tmp_path / "out"), "--to", target], catch_exceptions=False
        )


def test_an_edited_config_of_a_run_is_kept(tmp_path: Path) -> None:
    from ncvc.train.config import TrainConfig
    from ncvc.train.resolved_config import publish

    config = TrainConfig.load("megatron_configs/tiny.yaml", (f"run={tmp_path}",))
    assert publish(config) is None
    assert publish(config) is None
    file = tmp_path / "config.yaml"
    for number, kept in enumerate(("config.edited.yaml", "config.edited-2.yaml")):
        text = file.read_text() + f"# note {number}\n"
        file.write_text(text)
        assert publish(config) == tmp_path / kept
        assert (tmp_path / kept).read_text() == text
    assert stat.S_ISREG(file.stat().st_mode)
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == json.dumps(
        ["config.edited-2.yaml", "config.edited.yaml", "config.yaml"]
    )


def test_the_folder_whose_name_is_not_utf8_is_blamed(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    with pytest.raises(NcvcError, match="the name of a folder above it is not UTF-8"):
        require_output(folder / "out", HUGGINGFACE, reads=[], replace=False)
    with pytest.raises(NcvcError, match="the name is not UTF-8"):
        require_output(folder, HUGGINGFACE, reads=[], replace=False)


def test_verify_of_a_run_folder_compares_its_checkpoints(tmp_path: Path) -> None:
    checkpoints = [tmp_path / f"run/checkpoints/step_{step:08}" for step in (30, 60)]
    for checkpoint in checkpoints:
        checkpoint.mkdir(parents=True)
        (checkpoint / "weights").write_bytes(b"1")
        write_manifest(checkpoint, format=HUGGINGFACE)
    whole = run("verify", tmp_path / "run")
    assert (whole.returncode, whole.stdout.splitlines()) == (0, [f"{each}: whole" for each in checkpoints])
    (checkpoints[0] / "weights").write_bytes(b"2")
    damaged = run("verify", tmp_path / "run")
    assert (damaged.returncode, damaged.stdout) == (1, f"{checkpoints[1]}: whole\n")


def test_verify_judges_what_stands_beside_a_wrong_argument(tmp_path: Path) -> None:
    for name in ("good", "other"):
        (tmp_path / name).mkdir()
        write_manifest(tmp_path / name, format=HUGGINGFACE)
    (tmp_path / "foreign").mkdir()
    asked = run("verify", tmp_path / "good", tmp_path / "foreign", tmp_path / "other")
    assert (asked.returncode, asked.stdout) == (1, f"{tmp_path}/good: whole\n{tmp_path}/other: whole\n")
    assert asked.stderr == f"ncvc: {tmp_path}/foreign: has no manifest.json; name a folder that ncvc wrote\n"
