"""Every command answers alike: options, help, quiet, JSON, file names that are not printable."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from ncvc.cli.commands import ncvc
from ncvc.files import whole_folder
from ncvc.manifest import write_manifest
from ncvc.printable import printable, printable_json
from tests.conftest import run_ncvc

NAME = "行\n\x1b[31m\u202e.txt"
"""A name that would break the line, colour the terminal and turn the direction of text."""
SHOWN = "行\\n\\x1b[31m\\u202e.txt"
NO_SUMMARY = {"chat", "clean", "split", "generate", "doctor", "dictionary show", "serve"}
"""Commands whose output is what they are asked for."""


def commands(group: click.Group = ncvc, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}".strip())
        else:
            yield f"{path} {name}".strip(), command


COMMANDS = dict(commands())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of ncvc's in a folder, and with a file, whose names are not printable."""
    with whole_folder(tmp_path / NAME / "out") as partial:
        (partial / NAME).write_text("a")
        write_manifest(partial, stage="test")
    return tmp_path / NAME / "out"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_begins_with_a_verb_and_has_examples(name: str) -> None:
    command = COMMANDS[name]
    context = click.Context(command, info_name=name)
    text = command.get_help(context)
    assert command.help is not None
    verb = command.help.split()[0]
    assert verb.endswith("s"), verb
    assert "Examples:\n" in text
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            if parameter.is_flag:
                assert parameter.help.split()[0].endswith("s"), parameter.help


def test_options_of_one_name_are_one_option() -> None:
    helps: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                for option in parameter.opts:
                    helps.setdefault(option, set()).add(str(parameter.help))
    for shared in ("--force", "--set", "--threads", "--on-error", "--quiet", "--dry-run", "--text-field"):
        assert len(helps[shared]) == 1, shared
    assert helps["-o"] == {"The file to write, .png or .html.", "The folder to write."}


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NO_SUMMARY))
def test_every_command_with_a_summary_has_quiet_and_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {"--quiet", "--json"} <= options


def test_keys_of_a_config_are_no_options(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    for option, key in (("--threads", "threads"), ("--on-error", "on_error")):
        refused = run_ncvc("preprocess", tmp_path / "a.yaml", option, "8", ok=False)
        assert refused.returncode == 2
        assert f"{option} is a key of the config: --set {key}=…" in refused.stderr


def test_names_are_escaped_in_lines_errors_and_json(folder: Path) -> None:
    place = printable(str(folder))
    assert SHOWN in place
    assert run_ncvc("verify", folder).stdout == f"{place}: whole\n"
    (folder / NAME).write_text("b")
    damaged = run_ncvc("verify", folder, "--json", ok=False)
    assert damaged.stderr.splitlines() == [
        f"ncvc: {place}/{SHOWN}: damaged: not what was written",
        f"ncvc: 1 file differs from the manifest: {place}/{SHOWN}",
    ]
    assert damaged.stdout.count("\n") == 1
    assert damaged.stdout.isprintable() or not set(damaged.stdout.strip()) & set("\x1b\u202e")
    [row] = json.loads(damaged.stdout)["folders"]
    assert (row["folder"], row["whole"]) == (str(folder), False)
    assert row["differences"] == [{"file": NAME, "kind": "changed", "detail": "not what was written"}]
    missing = run_ncvc("verify", folder / NAME, ok=False)
    assert (missing.returncode, "\x1b" in missing.stderr, "\u202e" in missing.stderr) == (1, False, False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("病院 – é.txt", "病院 – é.txt"),
        ("a\x00\x85\t\udcff", "a\\x00\\x85\\t\\xff"),
        ("\u2066x\u200b", "\\u2066x\\u200b"),
    ],
)
def test_what_is_printable_stays(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert json.loads(printable_json(json.dumps([text], ensure_ascii=False))) == [text]


def test_quiet_commands_write_errors_alone(folder: Path, tmp_path: Path) -> None:
    done = run_ncvc("verify", folder, "--quiet")
    assert (done.stdout, done.stderr) == ("", "")
    (folder / NAME).unlink()
    assert "differs from the manifest" in run_ncvc("verify", folder, "--quiet", ok=False).stderr
    done = run_ncvc("init", "train", tmp_path / "train.yaml", "-q")
    assert (done.stdout, done.stderr) == ("", "")
    done = run_ncvc("train", "run", tmp_path / "train.yaml", "--dry-run", "-q")
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["preprocess", "none.yaml"],
        ["preprocess", "own.yaml", "--address", "10.0.0.1:6379"],
        ["preprocess", "own.yaml", "--sample", "3", "--dry-run"],
        ["preprocess", "own.yaml", "--engine", "ray"],
        ["train", "own.yaml", "--gpu", "H100"],
        ["train", "own.yaml"],
        ["train", "plot", ".", "-o", "loss.txt"],
        ["train", "train.yaml", "--nnodes", "2"],
        ["convert", "none", "out", "--to", "hf"],
        ["convert", ".", ".", "--to", "hf"],
        ["convert", ".", "out", "--to", "megatron", "--dtype", "bfloat16"],
        ["tokenizer", "train", "out", "none.jsonl", "--dictionary", "own.yaml"],
        ["dictionary", "build", "own.yaml"],
        ["split"],
        ["verify", "."],
    ],
    ids=" ".join,
)
def test_wrong_input_is_answered_before_heavy_imports(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("a: 1\n")
    run_ncvc("init", "train", tmp_path / "train.yaml")
    program = (
        f"import atexit, sys; sys.argv = ['ncvc', *{arguments}]\n"
        "heavy = {'torch', 'numpy', 'ray', 'transformers', 'megatron', 'sentencepiece', 'matplotlib'}\n"
        "atexit.register(lambda: print(sorted(heavy & sys.modules.keys())))\n"
        "from ncvc.cli import main; main()"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert done.stdout == "[]\n", done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_of_the_pass_writes_nothing(tmp_path: Path, tokenizer_folder: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_text('{"text": "高血圧の治療。"}\n', encoding="utf-8")
    (tmp_path / "in/b.txt").write_text("高血圧の治療。\n", encoding="utf-8")
    config = {"sources": [{"name": "a", "inputs": ["in"]}], "tokenizer": str(tokenizer_folder), "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))

    def estimate(*options: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            run_ncvc("preprocess", tmp_path / "config.yaml", "--dry-run", "--json", *options).stdout
        )
        return found

    shown = run_ncvc("preprocess", tmp_path / "config.yaml", "--dry-run").stdout
    assert "a: 2 files" in shown
    assert shown.splitlines()[-1] == "dry run: nothing was started or written"
    found = estimate()
    size = sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert found["sources"] == [
        {
            "name": "a",
            "files": 2,
            "bytes": size,
            "formats": {"jsonl": 1, "text": 1},
            "text_bytes": size,
            "skipped": {},
        }
    ]
    assert found["state"] == "is new"
    assert found["writes"][:2] == ["a.bin", "a.idx"]
    assert sorted(tmp_path.rglob("*")) == before
    summary = json.loads(run_ncvc("preprocess", tmp_path / "config.yaml", "--json").stdout)
    assert summary["documents"]["in"] == 2
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert {name.rstrip("/") for name in found["writes"]} == left
    assert "is there, of the same config" in str(estimate()["state"])
    refused = run_ncvc("preprocess", tmp_path / "config.yaml", "--dry-run", "--to", "text", ok=False)
    assert (refused.returncode, "exists already" in refused.stderr) == (1, True)
    assert estimate("--to", "text", "--force")["state"] == "would be replaced"
