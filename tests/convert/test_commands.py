"""The two commands as a person types them, with a real tokenizer."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer

import ncvc
from ncvc.checkpoint.format import write_weights
from ncvc.cli.commands import ncvc as command_line
from ncvc.convert import mapping
from ncvc.model.config import ModelConfig
from tests.needs import require_needs


def run(*arguments: object, stdin: str | None = None) -> str:
    """Runs `ncvc` in this process, since importing torch takes seconds; returns standard output."""
    done = CliRunner().invoke(command_line, [*map(str, arguments)], input=stdin, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights, converted by the command."""
    place = tmp_path_factory.mktemp("commands")
    model = ModelConfig(
        num_layers=1,
        hidden_size=32,
        ffn_hidden_size=64,
        num_attention_heads=4,
        num_query_groups=2,
        vocab_size=12000,
        max_position_embeddings=4096,
    )
    generator = torch.Generator().manual_seed(0)
    weights = (
        (row.megatron, torch.randn(mapping.megatron_shape(row, model), generator=generator) / 8)
        for row in mapping.weights(model)
    )
    write_weights(place / "checkpoint", model, weights)
    said = run("convert", place / "checkpoint", place / "hf", "--to", "hf", "--tokenizer", tokenizer_folder)
    assert "logits differ from Megatron's by at most" in said
    return place / "hf"


def test_converting_back_over_an_old_folder_needs_force(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    for force in ((), ("--force",)):
        with pytest.raises(ncvc.NcvcError, match="was not made by ncvc"):
            run("convert", folder, tmp_path / "mine", "--to", "megatron", *force)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "file"]
    run("convert", folder, tmp_path / "old", "--to", "megatron")
    before = (tmp_path / "old").stat().st_ino
    with pytest.raises(ncvc.NcvcError, match="exists already"):
        run("convert", folder, tmp_path / "old", "--to", "megatron")
    run("convert", folder, tmp_path / "old", "--to", "megatron", "--force")
    assert (tmp_path / "old").stat().st_ino != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "old"]


def test_text_and_json_are_the_same_text(folder: Path) -> None:
    options = ("--max-new-tokens", 12, "--seed", 5)
    plain = run("generate", folder, "--prompt", "患者は ｘ線で", *options)
    as_json = run("generate", folder, "--prompt", "-", *options, "--json", "--count", 2, stdin="患者は ｘ線で\n")
    first, second = map(json.loads, as_json.splitlines())
    assert plain == first["prompt"] + first["text"] + "\n"
    # The model sees the prompt as training text was: cleaned.
    assert first["prompt"] == ncvc.clean("患者は ｘ線で").replace("▁", " ")
    assert (first["seed"], second["seed"]) == (5, 6)
    assert first["text"] != second["text"]


def test_ctrl_c_ends_the_command_with_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "ncvc", "generate", str(folder), "--prompt", "患者は", "--count", "9999"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "ncvc: stopped")


def test_the_stock_tokenizer_gives_our_ids_for_analysed_text(folder: Path, lines: list[str]) -> None:
    stock = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ours = ncvc.Tokenizer.load(folder / "ncvc/tokenizer")
    for text in lines[:1000]:
        expected = ours.encode(text)
        assert stock.encode("\u001f".join(ours.split(text))).ids == expected
        assert stock.decode(expected) == ncvc.clean(text).replace("▁", " ")


@pytest.mark.parametrize("command", ["convert", "generate"])
def test_help_is_light_and_has_examples(command: str) -> None:
    code = f"import sys; from ncvc.cli.commands import ncvc; ncvc(['{command}', '-h'], standalone_mode=False);"
    code += "assert not {'torch', 'transformers', 'megatron'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Examples:\n    ncvc {command} " in done.stdout


def test_the_commands_need_what_they_import(folder: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    """That is what `ncvc doctor` counts."""
    require_needs("generate", [folder, "--prompt", "患者は", "--max-new-tokens", 2], tmp_path / "1")
    arguments = [folder.parent / "checkpoint", tmp_path / "hf", "--to", "hf", "--tokenizer", tokenizer_folder]
    require_needs("convert", arguments, tmp_path / "2")
