"""The two commands as a person types them, with a real tokenizer."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tokenizers import Tokenizer

import ncvc
from ncvc.cli.commands import ncvc as command_line
from tests.drawn import small_model, write_drawn
from tests.needs import require_needs

STEPS = ("checking the SHA-256", "writing 1 layers", "comparing the logits with", "measuring the", "no ncvc/")


def run(*arguments: object, stdin: str | None = None) -> str:
    """Runs `ncvc` in this process, since importing torch takes seconds; returns standard output."""
    done = CliRunner().invoke(command_line, [*map(str, arguments)], input=stdin, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    # The steps of a conversion, or the speed of a generation, and nothing of a library's.
    if arguments[0] == "convert":
        assert all(line.startswith(STEPS) for line in done.stderr.splitlines()), done.stderr
    else:
        assert re.fullmatch(r"(\d+ tokens in [\d.]+ s: [\d.]+ tokens/s\n)?", done.stderr), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights, converted by the command."""
    place = tmp_path_factory.mktemp("commands")
    checkpoint = write_drawn(place / "checkpoint", small_model(max_position_embeddings=4096))
    said = run("convert", checkpoint, place / "hf", "--to", "hf", "--tokenizer", tokenizer_folder)
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


def test_a_file_of_prompts_gives_the_texts_of_each_alone_in_order(folder: Path, tmp_path: Path) -> None:
    prompts = ["患者は", "高血圧の治療は、", "x", "胸部X線に異常はない。既往に"]
    options = ("--max-new-tokens", 9, "--seed", 3, "--count", 2)
    expected = "".join(run("generate", folder, "--prompt", prompt, *options, "--json") for prompt in prompts)
    (tmp_path / "prompts.txt").write_text("\n".join(prompts), encoding="utf-8")
    lines = "".join(json.dumps({"id": 1, "prompt": prompt}) + "\n" for prompt in prompts)
    (tmp_path / "prompts.jsonl").write_text(lines)
    assert run("generate", folder, "--prompts", tmp_path / "prompts.jsonl", *options) == expected
    assert run("generate", folder, "--prompts", tmp_path / "prompts.txt", *options, "--batch-size", 3) == expected
    assert run("generate", folder, "--prompts", "-", *options, stdin="\n".join(prompts)) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.txt", "患者\n\n肺炎", r"p\.txt:2: no prompt; remove the empty line"),
        ("p.txt", "", r"p\.txt:1: no prompt"),
        ("p.txt", "患者\n\ufeff\u200b\n", r"p\.txt:2: the prompt is nothing once it is cleaned"),
        (
            "p.txt",
            "患者は発熱を主訴に来院した。" * 900,
            r"p\.txt:1: the prompt has \d+ tokens; the model holds 4096: shorten it",
        ),
        ("p.jsonl", '{"prompt": "患者"}\n{"text": "x"}\n', r"p\.jsonl:2: not a JSON object with a string `prompt`"),
        ("p.jsonl", '{"prompt": 3}', r"p\.jsonl:1: not a JSON object"),
        ("p.jsonl", "{", r"p\.jsonl:1: not a JSON object"),
    ],
)
def test_a_wrong_prompt_is_named_by_its_line_before_torch_is_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, expected: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "ncvc.hf.generate", raising=False)
    monkeypatch.delitem(sys.modules, "ncvc.hf.load", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ncvc.NcvcError, match=expected):
        run("generate", folder, "--prompts", tmp_path / name)


def test_bytes_that_are_no_text_are_named_by_their_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_bytes("患者\n".encode() + "患者".encode("cp932"))
    with pytest.raises(ncvc.NcvcError, match=r"p\.txt:2: not valid UTF-8"):
        run("generate", folder, "--prompts", tmp_path / "p.txt")


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
        assert stock.encode("\u001f".join(ours.split(text)), add_special_tokens=False).ids == expected
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


def test_a_gguf_folder_is_written_over_its_like_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    for output in ("mine", folder):
        with pytest.raises(ncvc.NcvcError):
            run("convert", folder, tmp_path / output, "--to", "gguf", "--force")
    said = run("convert", folder, tmp_path / "gguf", "--to", "gguf", "--dtype", "q8_0")
    assert "same most likely token" in said
    run("convert", folder, tmp_path / "gguf", "--to", "gguf", "--force")
    assert [path.name for path in (tmp_path / "gguf").glob("*.gguf")] == ["model-float32.gguf"]
    assert (tmp_path / "mine/file").exists()


@pytest.mark.parametrize(("target", "dtype"), [("hf", "q8_0"), ("llama", "q4_k_m"), ("megatron", "float16")])
def test_a_type_of_another_target_is_a_mistake_in_the_command(folder: Path, target: str, dtype: str) -> None:
    done = CliRunner().invoke(command_line, ["convert", str(folder), "out", "--to", target, "--dtype", dtype])
    assert done.exit_code == 2
    assert f"--dtype {dtype} does not belong to --to {target}" in done.stderr


@pytest.mark.parametrize("options", [("hf",), ("llama",), ("gguf", "--dtype", "q8_0")], ids=lambda options: options[0])
def test_a_converted_folder_is_checked_again(folder: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    out = tmp_path / "out"
    run("convert", folder, out, "--to", *options)
    assert "from Megatron's" in run("convert", "--check", out) or options[0] == "gguf"
    found = json.loads(run("convert", "--check", out, "--json").splitlines()[-1])
    assert found["difference"] < (1e-5 if options[0] != "gguf" else 1)
    (out / "README.md").write_text("edited")
    run("convert", "--check", out)
    weights = next(out.glob("model*"))
    data = bytearray(weights.read_bytes())
    data[-100] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ncvc.NcvcError, match=f"{weights.name}: damaged"):
        run("convert", "--check", out)


def test_a_wrong_engine_is_found_by_the_check(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose logits are a thousandth larger."""
    from ncvc.convert import check

    right = check.huggingface_logits
    monkeypatch.setattr(check, "huggingface_logits", lambda folder, ids: right(folder, ids) * 1.001)
    with pytest.raises(ncvc.NcvcError, match=r"its logits differ .* copy the folder again"):
        run("convert", "--check", folder)


def test_what_is_no_converted_folder_has_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(ncvc.NcvcError, match="no folder that `ncvc convert` wrote"):
        run("convert", "--check", tmp_path)
    done = CliRunner().invoke(command_line, ["convert", "--check", str(tmp_path), "out", "--to", "hf"])
    assert done.exit_code == 2
