"""`ncvc serve`, `chat` and `generate` as commands: their ends, and wrong input before anything heavy is imported."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx2 as httpx
import pytest
from click.testing import CliRunner

from ncvc.cli.chat import chat
from ncvc.cli.generate import generate as generate_command
from ncvc.cli.serve import serve
from ncvc.files import whole_folder
from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.manifest import write_manifest
from tests.conftest import ROOT
from tests.hf.test_generate import PROMPTS
from tests.needs import require_needs

GREEDY = ("--temperature", "0", "--max-new-tokens", "12")


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ncvc", "serve", *map(str, arguments)]
    settings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.Popen(command, env=settings, stderr=subprocess.PIPE, text=True)


def test_a_stop_signal_lets_what_is_under_way_finish(tiny_folder: Path, tiny: LanguageModel) -> None:
    process = start(tiny_folder, "--port", 0, "--slots", 1, NCVC_API_KEY="eight-letters")
    assert process.stderr is not None
    assert process.stderr.readline() == f"loading {tiny_folder}\n"
    url = process.stderr.readline().removeprefix("serving on ").partition(";")[0]
    assert url.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        assert client.get("/v1/models").status_code == 401
        client.headers["Authorization"] = "Bearer eight-letters"
        body = {"prompt": PROMPTS[0], "max_tokens": 60, "temperature": 0, "stream": True}
        answers: list[str] = []
        second = threading.Thread(
            target=lambda: answers.append(
                httpx.post(
                    f"{url}/v1/completions", json={**body, "stream": False}, headers=client.headers, timeout=120
                ).text
            )
        )
        text = ""
        with client.stream("POST", "/v1/completions", json=body) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    text += json.loads(line[6:])["choices"][0]["text"]
                    if not answers and not second.ident:
                        second.start()  # waits for the only slot
                        while "waiting 1" not in client.get("/metrics").text:
                            pass
                        process.send_signal(signal.SIGTERM)
    second.join()
    [made] = generate(tiny, [(PROMPTS[0], Sampling(temperature=0, max_new_tokens=60))])
    assert text == made.text
    assert json.loads(answers[0])["choices"][0]["text"] == made.text
    assert process.wait(60) == 0
    log = process.stderr.read()
    assert log.endswith("stopped\n")
    assert PROMPTS[0] not in log
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health", trust_env=False)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    with whole_folder(tmp_path / "tokens") as partial:
        (partial / "a.bin").write_bytes(b"")
        write_manifest(partial, stage="preprocess")
    return tmp_path / "tokens"


@pytest.mark.parametrize("command", ["serve", "chat", "generate"])
def test_what_is_no_model_is_told_in_a_sentence(command: str, tmp_path: Path, dataset: Path) -> None:
    (tmp_path / "run/checkpoints/step_00000001").mkdir(parents=True)
    (tmp_path / "text.txt").write_text("a")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\0\0\0")
    (tmp_path / "two").mkdir()
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "two" / name).write_bytes(b"GGUF")
    rest = {"serve": ["--port", "0"], "chat": [], "generate": ["--prompt", "a"]}[command]
    wrong = {
        "none": "no such folder",
        "tokens": "a dataset of `ncvc preprocess`",
        "run": "it is a training run: `ncvc convert",
        "text.txt": "neither a model folder nor a GGUF file",
        "cut.gguf": "not a whole GGUF file",
        "two": "holds 2 GGUF files; name one",
    }
    program = (
        "import sys\nfrom ncvc.cli.commands import ncvc\nfrom ncvc.errors import NcvcError\n"
        f"for name in {list(wrong)}:\n"
        f"    try: ncvc([{command!r}, {str(tmp_path)!r} + '/' + name, *{rest}], standalone_mode=False)\n"
        "    except NcvcError as error: print(str(error).replace('\\n', '|'))\n"
        "print(sorted({'torch', 'transformers', 'numpy', 'safetensors'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    *sentences, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    for sentence, (name, part) in zip(sentences, wrong.items(), strict=True):
        assert sentence.startswith(f"{tmp_path / name}")
        assert part in sentence


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(serve, [*map(str, arguments)])
    assert done.exit_code != 0
    return str(done.exception)


def test_wrong_settings_of_a_server_are_told(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NCVC_API_KEY", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}: cannot be bound: Address already in use" in refused(tiny_folder, "--port", port)
    assert "other machines could use the model" in refused(tiny_folder, "--host", "0.0.0.0", "--port", 0)
    assert "no origin" in refused(tiny_folder, "--allow-origin", "*", "--port", 0)
    assert "cannot be bound" in refused(tiny_folder, "--host", "no.such.host.invalid", "--without-key", "--port", 0)
    key = tmp_path / "key"
    for text in ("", "short", "two words of it", "ひみつのかぎです"):
        key.write_text(text, encoding="utf-8")
        assert f"{key}: no key" in refused(tiny_folder, "--api-key-file", key, "--port", 0)
    monkeypatch.setenv("NCVC_API_KEY", "x y")
    assert "NCVC_API_KEY: no key" in refused(tiny_folder, "--port", 0)


def test_a_conversation_in_a_terminal(tiny_folder: Path, tiny: LanguageModel) -> None:
    lines = [
        "発熱は",
        "/nothing",
        "次は",
        "/undo",
        "/new",
        "発熱は",
        "a" * 200,
        "/system 医師",
        "発熱は",
        "/new",
        '"""発熱',
        "  次は",
        '痛み"""',
        '"""痛み"""',
        "/exit",
        "never",
    ]
    done = CliRunner().invoke(chat, [str(tiny_folder), *GREEDY], input="\n".join(lines))
    assert done.exit_code == 1, done.output  # two lines from a pipe got no answer

    def answer(*turns: str, system: str = "") -> str:
        roles = ["user", "assistant"] * 3
        head = f"<s>system\n{system}</s>" if system else ""
        text = head + "".join(f"<s>{role}\n{turn}</s>" for role, turn in zip(roles, turns, strict=False))
        stock = tiny.tokenizer._tokenizer
        ids = stock(f"{text}<s>assistant\n", add_special_tokens=False)["input_ids"]
        return generate(tiny, [(ids, Sampling(temperature=0, max_new_tokens=12))])[0].text

    first = answer("発熱は")
    expected = [first, answer("発熱は", first, "次は"), first, answer("発熱は", system="医師")]
    several = answer("発熱\n  次は\n痛み", system="医師")
    expected += [several, answer("発熱\n  次は\n痛み", several, "痛み", system="医師")]
    assert done.stdout == "".join(f"{text}\n" for text in expected)
    assert "/nothing: no such command" in done.stderr
    assert "shorten it; /new begins a new conversation" in done.stderr


def test_a_base_model_does_not_chat_unless_told_to(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for file in tiny_folder.iterdir():
        if file.name != "chat_template.jinja":
            (base / file.name).symlink_to(file)
    done = CliRunner().invoke(chat, [str(base)], input="a\n")
    assert "a base model without a chat template" in str(done.exception)
    assert CliRunner().invoke(chat, [str(base), "--plain-chat", *GREEDY], input="a\n").exit_code == 0


def test_prompts_of_a_file_share_batches_and_the_speed_is_told(
    tiny_folder: Path, tiny: LanguageModel, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in PROMPTS), encoding="utf-8")
    arguments = [
        str(tiny_folder),
        "--prompts",
        str(prompts),
        "--batch-size",
        "3",
        "--count",
        "2",
        "--max-new-tokens",
        "9",
    ]
    done = CliRunner().invoke(generate_command, arguments)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    requests = [(prompt, Sampling(max_new_tokens=9, seed=seed)) for prompt in PROMPTS for seed in (0, 1)]
    assert [row["text"] for row in rows] == [made.text for made in generate(tiny, requests)]
    assert [row["seed"] for row in rows] == [0, 1] * len(PROMPTS)
    assert f"{sum(row['tokens'] for row in rows)} tokens in " in done.stderr
    assert done.stderr.rstrip().endswith("tokens/s")
    assert CliRunner().invoke(generate_command, [*arguments, "--quiet"]).stderr == ""


def test_a_chat_needs_what_doctor_says(tiny_folder: Path, tmp_path: Path) -> None:
    require_needs("chat", [tiny_folder], tmp_path / "check")
