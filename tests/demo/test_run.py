"""`ncvc demo`: the folder it takes, the configs it writes, the commands it runs, what it says on failure."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ncvc.demo import stages
from ncvc.demo.folder import MARKER, prepare
from ncvc.demo.run import run_demo
from ncvc.errors import DemoError
from ncvc.manifest import TUNING, write_manifest
from ncvc.progress import Reporter
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import make_plan
from tests.conftest import Recorder

TRAIN = {
    "run": "demo/run",
    "model": {"vocab_size": 13312},
    "data": {"prefixes": ["demo/tokens/corpus"], "tokenizer": "demo/tokenizer", "sequence_length": 256},
    "schedule": {"train_iters": 150},
}


SCORES = {
    "models": [
        {
            "name": name,
            "tasks": {
                "kinds": {
                    "main": "accuracy",
                    "chance": 0.25,
                    "scores": {"accuracy": {"value": value, "low": value / 2, "high": 0.995}},
                }
            },
        }
        for name, value in (("hf", 0.125), ("tuned", 0.75))
    ]
}


SUMMARIES = {
    "synthesize": (
        "synthesized",
        {"writers": {"own-model": {"off_topic": 4, "too_short": 8}, "rules-stand-in": {"kept": 24}}},
    ),
    "label": ("labels", {"labellers": {"rule": {"高": 700, "低": 299, "left_out": 1}}}),
    "output=text": ("text", {"documents": {"out": 5000}}),
    "output=filtered": ("filtered", {"documents": {"out": 4000}}),
}
"""Word of a command → folder that it makes, and its `summary.json`."""


class Program:
    """Stands in for Python: writes down the commands it is given, and fails at the one it is told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls_file = path.with_name("calls")
        self.fails_file = path.with_name("fails")
        path.write_text(
            f"#!{sys.executable}\n"
            "import json, pathlib, sys\n"
            "arguments = sys.argv[3:]  # after -m ncvc\n"
            f"print(*arguments, sep='\\t', file=open({str(self.calls_file)!r}, 'a'))\n"
            f"fails = pathlib.Path({str(self.fails_file)!r})\n"
            "if arguments[0] == 'evaluate':\n"
            "    folder = pathlib.Path(arguments[-1])\n"
            "    folder.mkdir()\n"
            f"    (folder / 'scores.json').write_text({json.dumps(SCORES)!r})\n"
            f"for word, (name, summary) in json.loads({json.dumps(json.dumps(SUMMARIES))}).items():\n"
            "    if word in arguments:\n"
            f"        folder = pathlib.Path({str(path.parent / 'out')!r}) / name\n"
            "        folder.mkdir()\n"
            "        (folder / 'summary.json').write_text(json.dumps(summary))\n"
            "if arguments[0] == 'serve' and not fails.exists():\n"
            "    import http.server\n"
            "    class Handler(http.server.BaseHTTPRequestHandler):\n"
            "        def do_GET(self):\n"
            "            self.send_response(200)\n"
            "            self.end_headers()\n"
            "        def log_message(self, *_):\n"
            "            pass\n"
            "    port = int(arguments[arguments.index('--port') + 1])\n"
            "    http.server.HTTPServer(('127.0.0.1', port), Handler).serve_forever()\n"
            "sys.exit(3 if fails.exists() and fails.read_text() == arguments[0] else 0)\n"
        )
        path.chmod(0o755)

    def fail_at(self, command: str) -> None:
        self.fails_file.write_text(command)

    def calls(self) -> list[list[str]]:
        return [line.split("\t") for line in self.calls_file.read_text().splitlines()]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    config = tmp_path / "demo.yaml"
    config.write_text(yaml.safe_dump(TRAIN))
    monkeypatch.setattr(stages, "CONFIG", config)
    program = Program(tmp_path / "python")
    monkeypatch.setattr(sys, "executable", str(program.path))
    return program


def test_every_stage_runs_as_it_is_shown(program: Program, tmp_path: Path) -> None:
    folder, said = tmp_path / "out", []
    run_demo(folder, 1, Recorder(said))
    commands = program.calls()
    vocabulary = ["--vocab-size", "13312", f"{folder}/text.jsonl"]
    held_out, to_tune_on = (f"{folder}/questions-{split}.jsonl" for split in ("test", "train"))
    questions = [held_out, f"{folder}/questions", "--train", to_tune_on]
    options = ["--likelihood", "letters", "--max-new-tokens", "32", "--batch-size", "32", "-o", f"{folder}/scores"]
    assert commands[:9] == [
        ["dictionary", "build", f"{folder}/dictionary", "--base", "ipadic", "--terms", f"{folder}/terms.csv"],
        ["tokenizer", "train", f"{folder}/tokenizer", "--dictionary", f"{folder}/dictionary", *vocabulary],
        ["preprocess", f"{folder}/preprocess.yaml"],
        ["train", f"{folder}/train.yaml"],
        ["train", "plot", f"{folder}/run", "-o", f"{folder}/loss.png"],
        ["convert", f"{folder}/run/checkpoints/step_00000150", f"{folder}/hf", "--to", "hf"],
        ["data", "own", *questions],
        ["tune", f"{folder}/tune.yaml"],
        ["evaluate", f"{folder}/hf", f"{folder}/tuned", "--suite", "own", "--data", f"{folder}/questions", *options],
    ]
    server, labelled = commands[9], commands[12]
    assert commands[9:15] == [
        ["serve", f"{folder}/hf", "--port", server[3], "--name", "own-model", "--plain-chat", "--quiet"],
        ["synthesize", f"{folder}/synthesize.yaml"],
        ["preprocess", f"{folder}/preprocess.yaml", "--to", "text", "--set", "output=text"],
        [*("quality", "label", f"{folder}/text/corpus.jsonl.zst", "-o", f"{folder}/labels", "--size", "600"),
         *("--labeller", labelled[8], "--batch-size", "32")],
        ["quality", "fit", f"{folder}/labels", "-o", f"{folder}/quality-model"],
        [*("preprocess", f"{folder}/preprocess.yaml", "--to", "text", "--set", "output=filtered", "--set"),
         "sources.0.filters.quality={model: quality-model, threshold: 0.5}"],
    ]  # fmt: skip
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1#rule", labelled[8])
    assert [command[:3] for command in commands[15:]] == [["generate", f"{folder}/hf", "--prompt"]] * 3
    shown = [line.removeprefix("$ ncvc ").removesuffix(" &") for line in said if line.startswith("$ ")]
    assert [shlex.split(line) for line in shown] == commands
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f"ncvc {shlex.join(command)}" in page for command in commands[:9])
    for name in ("scores", "synthesized", "text", "labels", "quality-model", "filtered"):
        shutil.rmtree(folder / name, ignore_errors=True)  # the stand-in's, without a manifest
    prepare(folder)  # the page is the demo's
    assert not (folder / "index.html").exists()


def test_the_table_says_where_and_how_large(program: Program, tmp_path: Path) -> None:
    said: list[str] = []
    run_demo(tmp_path / "out", 1, Recorder(said))
    table = "\n".join(said)
    for made in ("text.jsonl", "dictionary", "tokenizer", "tokens", "run", "hf", "loss.png", "questions", "tuned"):
        assert f" {tmp_path}/out/{made} " in table
    assert re.search(r"text.jsonl +2\.\d MB", table)
    assert said[-9:] == [
        "texts that were kept:",
        "  own-model (this demo's base model): 0 of 12; set aside: 4 off_topic, 8 too_short",
        "  rules-stand-in (sentences of a few forms, true of nothing): 24 of 24",
        f"texts side by side: {tmp_path}/out/synthesized/report.html",
        "quality by a stated rule (full sentences, no casual marks): 299 of 600 labelled documents are 低; the classifier"
        " drops 1,000 of 5,000",
        f"classifier: {tmp_path}/out/quality-model/report.html; what it dropped: {tmp_path}/out/filtered/dropped",
        "held-out questions, with 95 % intervals:",
        "  kinds: accuracy by chance 0.25; hf 0.12 (0.06–0.99); tuned 0.75 (0.38–0.99)",
        f"questions, answers and all scores: {tmp_path}/out/scores/report.html",
    ]


def test_the_configs_name_the_folder(program: Program, tmp_path: Path) -> None:
    program.fail_at("dictionary")
    with pytest.raises(DemoError, match=r"`ncvc dictionary build .*` ended with status 3"):
        run_demo(tmp_path / "out", 1, Reporter())
    folder = tmp_path / "out"
    train = yaml.safe_load((folder / "train.yaml").read_text(encoding="utf-8"))
    assert train["run"] == f"{folder}/run"
    assert train["data"] == {
        "prefixes": [f"{folder}/tokens/corpus"],
        "tokenizer": f"{folder}/tokenizer",
        "sequence_length": 256,
    }
    tune = yaml.safe_load((folder / "tune.yaml").read_text(encoding="utf-8"))
    places = [tune["run"], tune["base"], tune["output"], *tune["data"]["train"]]
    assert places == [f"{folder}/{name}" for name in ("tuning", "hf", "tuned", "questions/train.jsonl")]
    preprocess = yaml.safe_load((folder / "preprocess.yaml").read_text(encoding="utf-8"))
    (source,) = preprocess["sources"]
    assert (folder / source["inputs"][0]).stat().st_size > 2_000_000
    assert (folder / preprocess["tokenizer"], folder / preprocess["output"] / source["name"]) == (
        folder / "tokenizer",
        folder / "tokens" / "corpus",
    )
    first = (folder / "text.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert set(json.loads(first)) == {"id", "text", "kind"}


def test_the_shipped_config_is_found() -> None:
    assert stages.CONFIG.is_file()
    assert stages.TUNING.is_file()


def test_a_second_demo_starts_anew(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    program.fail_at("dictionary")
    for _ in range(2):
        with pytest.raises(DemoError):
            run_demo(folder, 1, Reporter())
        (folder / "run/checkpoints/step_00000150").mkdir(parents=True)
        (folder / "run/checkpoints/step_00000150/manifest.json").touch()
        (folder / ".tokenizer.partial").mkdir()
    with pytest.raises(DemoError):
        run_demo(folder, 1, Reporter())
    questions = {"questions-train.jsonl", "questions-test.jsonl"}
    own = {"preprocess.yaml", "synthesize.yaml", "terms.csv", "text.jsonl", "topics.jsonl", "train.yaml", "tune.yaml"}
    own |= {"textbook.jinja"}
    left = own | {MARKER} | questions
    assert {path.name for path in folder.iterdir()} == left


def test_a_tunings_checkpoint_goes_unless_something_was_put_there(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("")
    checkpoint = tmp_path / "tuning/checkpoints/step_00000150"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_text("state")
    write_manifest(checkpoint, format=TUNING, ncvc="0", step=150)
    (checkpoint / "letter.txt").write_text("残す")
    with pytest.raises(DemoError, match=r"letter.txt: no demo made it"):
        prepare(tmp_path)
    assert (checkpoint / "optimizer.pt").exists()
    (checkpoint / "letter.txt").unlink()
    killed = checkpoint.with_name(".tuning.partial") / "checkpoint-150"
    killed.mkdir(parents=True)
    (killed / "optimizer.pt").write_text("sta")
    prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


@pytest.mark.parametrize("marked", [True, False])
def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, marked: bool) -> None:
    if marked:
        (tmp_path / MARKER).touch()
        (tmp_path / "text.jsonl").touch()
    (tmp_path / "手紙.txt").write_text("残す")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DemoError, match=r"holds what no demo made \(手紙.txt\)"):
        run_demo(tmp_path, 1, Reporter())
    assert sorted(tmp_path.iterdir()) == before


def test_ones_own_files_under_the_demos_names_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text("mine")
    with pytest.raises(DemoError, match=r"holds what no demo made \(text.jsonl\)"):
        run_demo(tmp_path, 1, Reporter())
    assert (tmp_path / "text.jsonl").read_text() == "mine"


def test_ctrl_c_stops_the_demo_and_its_command(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "ncvc", "demo", str(tmp_path / "out")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("reading the base"):  # the dictionary is being built
            break
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "ncvc: stopped"
    assert "Traceback" not in rest
    assert not (tmp_path / "out/dictionary").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").touch()
    with pytest.raises(DemoError, match="is a file; name a folder"):
        run_demo(tmp_path / "demo", 1, Reporter())


def test_a_server_that_ends_at_once_is_said(program: Program, tmp_path: Path) -> None:
    program.fail_at("serve")
    with pytest.raises(DemoError, match=r"`ncvc serve .*` ended with status 3; its message is above"):
        run_demo(tmp_path / "out", 1, Reporter())
    assert program.calls()[-1][0] == "serve"


def test_the_config_of_the_synthesis_loads_and_tells_its_writers_apart(program: Program, tmp_path: Path) -> None:
    run_demo(tmp_path / "out", 1, Reporter())
    config = SynthesizeConfig.load(tmp_path / "out/synthesize.yaml")
    own, rules = config.writers
    assert (own.name, rules.name) == ("own-model", "rules-stand-in")
    assert own.address == f"http://127.0.0.1:{program.calls()[9][3]}/v1"
    plan = make_plan(config, tmp_path / "out")
    assert len(plan.requests) == 36


def test_answers_go_unless_something_was_put_there(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("")
    with AnswerLog(tmp_path / "answers"):
        pass
    (tmp_path / "answers/letter.txt").write_text("残す")
    with pytest.raises(DemoError, match=r"letter.txt: no demo made it"):
        prepare(tmp_path)
    (tmp_path / "answers/letter.txt").unlink()
    prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/log.jsonl").write_text("mine\n")
    with pytest.raises(DemoError, match=r"log.jsonl: no demo made it"):
        prepare(tmp_path)
