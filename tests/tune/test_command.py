"""`ncvc tune` as a command: stops, several processes, plans, what other commands make of the result."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ncvc.train.metrics.log import event_records, steps
from ncvc.yaml12 import dump
from tests.conftest import ROOT, SLOW, run_ncvc
from tests.read_only import read_only
from tests.tune.conftest import conversations, run_tuning, weights_of

TWO = {"train_iters": 2, "lr_warmup_iters": 1}


def config_file(config, folder):
    path = folder / "config.yaml"
    path.write_text(dump(config.model_dump(mode="json")), encoding="utf-8")
    return path


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_sigterm_finishes_the_step_saves_and_exits_75(make_config, tmp_path):
    config = make_config("killed", schedule={"train_iters": 400}, neftune_alpha=5.0)
    command = [sys.executable, "-m", "ncvc", "tune", str(config_file(config, tmp_path))]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = config.folder / "log.jsonl"
    wait_for(lambda: log.exists() and steps(config.folder))
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 75, said
    last = event_records(config.folder)[-1]
    assert last["event"] == "stopped"
    assert (config.folder / f"checkpoints/step_{last['step']:08}/manifest.json").is_file()
    assert "start it again to go on" in said
    status = run_ncvc("train", "status", config.folder).stdout
    assert "stopped on request" in status
    page = tmp_path / "loss.html"
    run_ncvc("train", "plot", config.folder, "-o", page)
    assert "killed" in page.read_text(encoding="utf-8")


def test_a_finished_tuning_is_not_that_of_another_config(make_config, tmp_path):
    config = make_config("done", schedule=TWO)
    assert run_tuning(config)
    file = config_file(config, tmp_path)
    with read_only(tmp_path):
        assert "finished already" in run_ncvc("tune", file).stdout
    for more in ([], ["--dry-run"]):
        done = run_ncvc("tune", file, "--set", "schedule.train_iters=3", *more, ok=False)
        assert done.returncode == 1
        assert "schedule.train_iters was 2 and is 3 in the run that is there; name another folder" in done.stderr


def test_a_dry_run_refuses_the_places_that_the_start_refuses(make_config, tmp_path):
    file, foreign = config_file(make_config("new"), tmp_path), tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("of a person")
    for place in ("run", "output"):
        said = [
            run_ncvc("tune", file, "--set", f"{place}={foreign}", *more, ok=False).stderr
            for more in ([], ["--dry-run"])
        ]
        assert said[0] == said[1]
        assert str(foreign) in said[0]


def test_a_missing_file_of_rows_is_named_once(make_config, tmp_path):
    file = config_file(make_config("new"), tmp_path)
    said = run_ncvc("tune", file, "--set", f"data.train=[{tmp_path}/trian.jsonl]", ok=False).stderr
    assert said.count("trian.jsonl") == 1
    assert "No such file" in said


def test_a_finished_tuning_writes_its_model_to_another_place_without_a_step(make_config, tmp_path):
    config = make_config("done", schedule=TWO)
    assert run_tuning(config)
    file, other = config_file(config, tmp_path), tmp_path / "other"
    run_ncvc("tune", file, "--set", f"output={other}")
    assert [step.step for step in steps(config.folder)] == [1, 2]
    first, second = weights_of(Path(config.output)), weights_of(other)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert "finished already" in run_ncvc("tune", file).stdout
    assert "finished already" in run_ncvc("tune", file, "--set", f"output={other}").stdout


def test_two_processes_learn_what_one_does(make_config, tmp_path):
    """By torchrun and gloo: the mean over the counted tokens of both, so equal but for rounding."""
    options = {"rows": conversations(16), "schedule": {**TWO, "train_iters": 3, "micro_batch_size": 4}}
    one, two = make_config("one", **options), make_config("two", **options)
    assert run_tuning(one)
    launch = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29731"]
    command = [sys.executable, *launch, "-m", "ncvc", "tune", str(config_file(two, tmp_path))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for first, second in zip(steps(one.folder), steps(two.folder), strict=True):
        assert first.loss == pytest.approx(second.loss, abs=1e-4)
        assert first.tokens == second.tokens
    first, second = weights_of(Path(one.output)), weights_of(Path(two.output))
    for name in first:
        torch.testing.assert_close(first[name], second[name], atol=2e-3, rtol=1e-2)


def test_a_stock_model_is_tuned_in_a_process_of_its_own(make_config, stock, tmp_path):
    """There nothing has imported torch before the tokenizer is loaded."""
    config = make_config(base=str(stock("llama")), template="instruction", schedule=TWO, data={"max_length": 512})
    run_ncvc("tune", config_file(config, tmp_path))
    assert Path(config.output, "model.safetensors").is_file()


@SLOW
def test_every_target_can_be_made_of_the_result(make_config, tmp_path):
    config = make_config(schedule=TWO)
    assert run_tuning(config)
    out = Path(config.output)
    for target in ("llama", "gguf", "megatron", "hf"):
        said = run_ncvc("convert", out, tmp_path / target, "--to", target)
        assert "Duplicated key" not in said.stderr  # of gguf, for a template that is written twice
    back = tmp_path / "back"
    run_ncvc("convert", tmp_path / "megatron", back, "--to", "hf", "--tokenizer", out / "ncvc/tokenizer")
    one, two = weights_of(out), weights_of(back)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert "<|assistant|>" in (back / "tokenizer_config.json").read_text(encoding="utf-8")
    assert "Tuned on conversations" in (tmp_path / "llama/README.md").read_text(encoding="utf-8")
    import gguf

    field = gguf.GGUFReader(tmp_path / "gguf/model-float32.gguf").fields["tokenizer.chat_template"]
    template = bytes(field.parts[field.data[0]]).decode()
    assert "<|assistant|>{{ message.content }}<|end_of_text|>" in template
    made = run_ncvc("generate", out, "--prompt", "患者は", "--max-new-tokens", 2, "--temperature", 0)
    assert made.stdout.startswith("患者は")


def test_the_plan_counts_tokens_memory_and_time(make_config, tmp_path):
    from ncvc.tune.prepare import prepare

    config = make_config(compute={"dtype": "bfloat16"}, schedule={"train_iters": 100, "global_batch_size": 64})
    asked = ["tune", config_file(config, tmp_path), "--dry-run", "--gpu", "A100", "--json"]
    found = json.loads(run_ncvc(*asked).stdout)
    # Embedding and head; of each layer q, k, v, o and the MLP and two norms; the last norm.
    parameters = 2 * 12003 * 48 + 2 * (48 * (48 + 24 + 24 + 48) + 2 * 48 * 96 + 2 * 48) + 48
    assert found["parameters"] == found["trained_parameters"] == parameters
    tokens = sum(len(sample.ids) for sample in prepare(config).samples)
    assert (found["samples"], found["tokens_of_an_epoch"], found["tokens"]) == (64, tokens, 100 * tokens)
    assert found["flops"] == 100 * tokens * 6 * parameters
    assert found["seconds"] == pytest.approx(found["flops"] / (311.9e12 * 0.4))
    assert found["memory"] > 18 * parameters
    assert not config.folder.exists()


@SLOW
def test_the_plan_of_a_model_that_is_not_here(tmp_path):
    """GPT-NeoX of 7 B and Llama of 70 B need only their config.json: 6.9 and 69 billion parameters."""
    neox = {"model_type": "gpt_neox", "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32,
            "num_attention_heads": 32, "vocab_size": 52096, "max_position_embeddings": 2048}  # fmt: skip
    llama = {"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80,
             "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 32000}  # fmt: skip
    found = {}
    for name, config in (("continued-gpt-neox-7b", neox), ("lora-gpt-neox-7b", neox), ("qlora-llama-70b", llama)):
        base = tmp_path / name
        base.mkdir()
        (base / "config.json").write_text(json.dumps(config))
        path = ROOT / f"megatron_configs/tune/{name}.yaml"
        done = run_ncvc("tune", path, "--set", f"base={base}", "--dry-run", "--gpu", "H100", "--json")
        found[name] = json.loads(done.stdout)
    assert 6.8e9 < found["continued-gpt-neox-7b"]["parameters"] < 6.9e9
    assert found["lora-gpt-neox-7b"]["trained_parameters"] == 32 * 8 * (4096 + 3 * 4096)
    assert 68e9 < found["qlora-llama-70b"]["parameters"] < 71e9
    memory = {name: plan["memory"] / 2**30 for name, plan in found.items()}
    assert memory["continued-gpt-neox-7b"] > 80 > memory["lora-gpt-neox-7b"]
    assert 35 < memory["qlora-llama-70b"] < 80
    assert math.isclose(found["qlora-llama-70b"]["tokens"], 2000 * 63 * 768)


def test_wrong_input_is_answered_before_torch(make_config, tmp_path):
    bad, none = make_config("bad", rows=["{"]), make_config(base=str(tmp_path / "no"))
    program = (
        "import sys; sys.modules['torch'] = None; sys.modules['trl'] = None;"
        "sys.argv = ['ncvc', *sys.argv[1:]]; from ncvc.cli import main; main()"
    )
    for config, sentence in (
        (bad, "bad.jsonl:1: not JSON"),
        (none, "no such folder"),
    ):
        command = [sys.executable, "-c", program, "tune", str(config_file(config, tmp_path))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_foreign_run_folder_and_an_output_that_is_there_stay(make_config, tmp_path):
    from ncvc.errors import NcvcError

    config = make_config()
    config.folder.mkdir()
    (config.folder / "notes.txt").write_text("mine")
    with pytest.raises(NcvcError, match="is no run folder"):
        run_tuning(config)
    (config.folder / "notes.txt").unlink()
    Path(config.output).mkdir()
    (Path(config.output) / "mine").write_text("mine")
    with pytest.raises(NcvcError, match="was not made by ncvc"):
        run_tuning(config)
    assert (Path(config.output) / "mine").read_text() == "mine"
