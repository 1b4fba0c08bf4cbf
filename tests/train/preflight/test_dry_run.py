"""`ncvc train --dry-run`: what it says of the papers' run, and what others published of theirs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ncvc import machine
from ncvc.cli.train import train
from ncvc.errors import CheckpointError, ConfigError, NcvcError
from ncvc.indexed import IndexedDataset
from ncvc.train.config import TrainConfig
from ncvc.train.preflight import dry_run
from ncvc.train.preflight.disk import checkpoint_bytes
from ncvc.train.preflight.gpu_specs import find_gpu_spec
from ncvc.train.preflight.speed import tokens_per_second
from ncvc.train.preflight.warnings import MANY_EPOCHS
from tests.conftest import ROOT
from tests.small_training import train_alone, write_dataset

PAPERS = ROOT / "megatron_configs" / "ncvc-slm-1.yaml"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch, tmp_path):
    """The same on a machine that has one; and in a folder in which nobody trains."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dry_run, "gpus", lambda: ())


def lines(*arguments):
    done = CliRunner().invoke(train, [str(PAPERS), "--dry-run", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return {line.split("  ")[0]: line for line in done.output.splitlines()}, done.output


def test_the_papers_run():
    found, output = lines("--mfu", "0.21")
    assert "1,191,282,688 parameters, bfloat16" in found["model"]
    assert "7.348 GFLOP" in found["a token"]
    assert "1,024 samples = 8 at a time × 4 × 32 accumulated; 2,097,152 tokens" in found["a step"]
    assert "24,000; 50,331,648,000 tokens" in found["steps"]
    # Technical report 2.4.1: 14 days on four RTX 6000 Ada; 10,403 tokens/s each.
    assert "14.0 days" in found["time"]
    assert "10,408 a GPU" in found["time"]
    assert "8 of 16.7 GB; 8 stay: 133 GB" in found["checkpoints"]
    assert "micro_batch_size 8 fits in 48 GiB (82%), and is the largest that does" in output
    assert "nothing was started" in output
    assert "not prepared: " in found["data"]
    assert not Path("runs").exists()


def test_a_machine_without_a_gpu_says_what_its_cpu_would_do(monkeypatch):
    monkeypatch.setattr(dry_run, "memory_limit", lambda: 16 * 2**30)
    found, _ = lines()
    # Weights and gradients in float32 on every rank, 4 × 6 bytes of 1.19e9 parameters, are more than 16 GiB.
    assert "DOES NOT FIT in 17.2 GB; its time is not estimated: ncvc train tune measures" in found["on a CPU"]
    found, _ = lines("--set", "model.num_layers=1", "--set", "schedule.micro_batch_size=1")
    assert "of all ranks fits in 17.2 GB" in found["on a CPU"]
    found, _ = lines("--gpu", "H100")
    assert "on a CPU" not in found


def test_weights_without_any_dataset_are_no_mistake_of_the_dry_run():
    found, _ = lines("--set", "data.prefixes=[none/a, none/b]", "--set", "data.weights=[0.7, 0.3]")
    assert "not prepared: " in found["data"]


def test_attention_within_documents_is_said_and_kept_beside_the_joined_output():
    found, _ = lines("--set", "data.document_mask=true")
    assert found["documents"].endswith(
        "attention stays within each; operations and time are counted as if it crossed them"
    )
    more, plain = (
        dry_run.fullest(TrainConfig.load(PAPERS, own), 4)[1].activations for own in (("data.document_mask=true",), ())
    )
    # 24 layers, 2,048 features of 2 bytes for each of 8 × 2,048 tokens.
    assert more - plain == 24 * 2048 * 2 * 8 * 2048


def test_muon_is_said_with_its_operations():
    """Of a layer: 5 steps of 4 m² n + 2 m³ for each m × n, by hand; of a card, a quarter of the step's tokens."""
    found, _ = lines("--set", "optimizer.name=muon")
    square, narrow, mlp = (5 * (4 * m * m * n + 2 * m**3) for m, n in ((2048, 2048), (512, 2048), (2048, 8192)))
    share = 24 * (2 * square + 2 * narrow + 2 * mlp) / (2_097_152 / 4 * 7.348e9)
    assert f"adds {share:.1%} to a rank's operations" in found["optimizer"]
    # 24 layers of 10,485,760 + 33,554,432 parameters have 4 bytes less than the 16.7 GB.
    assert f"8 of {(16.678 - 24 * 44.04e6 * 4 / 1e9):.1f} GB" in found["checkpoints"]


def test_the_papers_card_has_the_papers_share_beside_the_usual_one():
    found, _ = lines()
    assert "7.3 days" in found["time"]
    assert "if 40% of the peak is reached" in found["time"]
    assert "; 14.0 days at 21%, which the papers reached on this card" in found["time"]
    found, _ = lines("--gpu", "H100")
    assert "21%" not in found["time"]


PUBLISHED = [
    # Layers, MLP's inner size, query groups of 16 heads, vocabulary, length; card, tokens/s a GPU, MFU, and what is
    # expected at 40 %. OLMo's MLP is gated: 8,192 in three matrices are 12,288 in two.
    ("the papers", 24, 8192, 4, 32768, 2048, "RTX 6000 Ada", 10_403, 0.210, 19_825),
    ("MPT-1B", 24, 8192, 16, 50368, 2048, "H100", 45_500, 0.390, 46_721),
    ("OLMo 2 1B", 16, 12288, 16, 100352, 4096, "H100", 41_500, 0.356, 46_665),
]


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published[0])
def test_the_expected_speed_beside_what_was_published(published, make_config):
    _, layers, inner, groups, vocabulary, length, card, speed, mfu, expected = published
    model = {
        "num_layers": layers,
        "hidden_size": 2048,
        "ffn_hidden_size": inner,
        "num_attention_heads": 16,
        "num_query_groups": groups,
        "vocab_size": vocabulary,
        "max_position_embeddings": length,
    }
    config = make_config(model=model, data={"sequence_length": length})
    assert tokens_per_second(config, find_gpu_spec(card), 0.4) == pytest.approx(expected, abs=1)
    assert tokens_per_second(config, find_gpu_spec(card), mfu) == pytest.approx(speed, rel=0.005)


def test_tokens_and_epochs_of_datasets_that_are_there(make_config):
    config = make_config()
    planned = dry_run.target()
    data = next(line for line in dry_run.dry_run(config, planned) if line.startswith("data"))
    tokens = sum(map(len, IndexedDataset.open(config.data.prefixes[0])))
    epochs = 6 * 8 * 16 / tokens
    assert data.endswith(f"{tokens:,} tokens in 120 documents; {epochs:.2f} epochs")
    assert not config.folder.exists()


def test_epochs_of_weighted_datasets_without_what_is_kept_for_validation(make_config, material):
    prefix = str(material / "corpus")
    write_dataset(material / "other", [[5] * 30] * 10)
    both = {"prefixes": [prefix, str(material / "other")], "weights": [3.0, 1.0], "validation_split": 0.5}
    data = next(line for line in dry_run.dry_run(make_config(data=both), dry_run.target()) if line.startswith("data"))
    dataset = IndexedDataset.open(prefix)
    tokens = sum(len(dataset[i]) for i in range(60))
    planned = 6 * 8 * 16
    assert f"{tokens + 150:,} tokens in 65 documents" in data
    assert f"{0.75 * planned / tokens:.2f} epochs of corpus, {0.25 * planned / 150:.2f} epochs of other" in data


def test_which_checkpoints_stay_and_how_many_machines(make_config):
    policy = {"save_interval": 2, "keep_last": 2, "keep_interval": 4}
    config = make_config(checkpoints=policy, schedule={"train_iters": 13, "global_batch_size": 24})
    lines = dry_run.dry_run(config, dry_run.target(), nnodes=3)
    # Written at 2, 4 … 12 and 13; 12 and 13 are the last, 4, 8 and 12 of the interval.
    assert any(line.startswith("checkpoints  7 of") and "; 4 stay: " in line for line in lines)
    assert any(line.startswith("ranks        3 = data 3") for line in lines)


def test_the_card_is_the_one_named_or_the_one_here(monkeypatch):
    assert dry_run.target().spec == find_gpu_spec("RTX 6000 Ada")
    assert dry_run.target("h100").spec.memory == 80
    assert dry_run.target("H100", 94.0).spec.memory == 94
    here = machine.Gpu("NVIDIA A100-SXM4-40GB", 40960, "570.1")
    monkeypatch.setattr(dry_run, "gpus", lambda: (here,))
    assert dry_run.target().spec.memory == 40
    assert dry_run.target("L40S").spec.memory == 48
    with pytest.raises(ConfigError, match=r"--gpu Voodoo 2: not a card that is known here; .*--gpu-memory"):
        dry_run.target("Voodoo 2")
    assert dry_run.target("Voodoo 2", 12).spec.tflops == 0


def test_what_does_not_fit_says_what_does():
    _, output = lines("--gpu", "RTX 4090")
    assert "micro_batch_size 8 DOES NOT FIT in 24 GiB (164%); the largest that does is 2 (75%)" in output
    _, output = lines("--gpu-memory", "10")
    assert "not even 1 does: share the model, with parallel.tensor_model_parallel_size" in output


def test_ranks_that_do_not_fit_are_an_error():
    config = TrainConfig.load(PAPERS, ("parallel.nproc_per_node=3",))
    with pytest.raises(ConfigError, match="must be a multiple of micro_batch_size × data-parallel ranks = 24"):
        dry_run.dry_run(config, dry_run.target())


def test_it_needs_no_torch():
    program = (
        "import sys; from ncvc.cli.train import train;"
        f"train(['{PAPERS}', '--dry-run'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_the_peak_of_a_card_that_is_not_known_can_be_said():
    found, _ = lines("--gpu", "Voodoo 2", "--gpu-memory", "48")
    assert "not estimated: the peak of Voodoo 2 is not known here; set --gpu-tflops" in found["time"]
    found, _ = lines("--gpu", "Voodoo 2", "--gpu-memory", "48", "--gpu-tflops", "364.2", "--mfu", "0.21")
    assert "10,408 a GPU" in found["time"]
    found, _ = lines("--gpu", "V100 32GB")
    assert "V100 32GB has no bfloat16 products" in found["WARNING"]


def overrides_of(material, run):
    """`--set` of a run of the small model."""
    from tests.small_training import SMALL

    values = {
        "run": run,
        "data": {
            "prefixes": [str(material / "corpus")],
            "tokenizer": str(material / "tokenizer"),
            "sequence_length": 16,
        },
        "model": SMALL,
        "schedule": {"train_iters": 6, "lr_warmup_iters": 2, "global_batch_size": 8, "micro_batch_size": 2},
        "parallel": {"nproc_per_node": 1},
        "compute": {"dtype": "float32"},
    }
    return [f"{name}={json.dumps(value)}" for name, value in values.items()]


def refused(material, run, *changes):
    """What the dry run and a start say of the same config; both must refuse it."""
    overrides = (*overrides_of(material, run), *changes)
    options = [part for each in overrides for part in ("--set", each)]
    done = CliRunner().invoke(train, [str(PAPERS), "--dry-run", *options])
    assert isinstance(done.exception, NcvcError), done.output
    with pytest.raises(NcvcError) as started:
        train_alone(TrainConfig.load(PAPERS, overrides))
    return str(done.exception), str(started.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.tokenizer=nowhere", "nowhere: not a tokenizer"),
        ("model.vocab_size=60", "has 64 pieces, but model.vocab_size is 60"),
        ("data.prefixes.0=DIR/ids", "ids.bin: holds the id 64, but the model's vocabulary has 64"),
        ("data.prefixes=[DIR/corpus, DIR/nowhere]", "nowhere.idx: no such file"),
        ("data.validation_prefixes=[DIR/short]", "holds 5 tokens for validation, and a sample takes"),
        ("data.validation_prefixes=[DIR/same]", "same.bin: does not fit its index"),
        ("checkpoints.init_from=nowhere", "nowhere: not a checkpoint"),
    ],
)
def test_the_dry_run_refuses_what_a_start_refuses(material, tmp_path, change, words):
    write_dataset(tmp_path / "ids", [[5] * 30, [64] * 30])
    write_dataset(tmp_path / "short", [[5] * 5])
    shutil.copy(material / "corpus.idx", tmp_path / "corpus.idx")
    shutil.copy(material / "corpus.bin", tmp_path / "corpus.bin")
    shutil.copy(material / "corpus.idx", tmp_path / "same.idx")
    (tmp_path / "same.bin").write_bytes(b"")
    dry, started = refused(material, str(tmp_path / "run"), change.replace("DIR", str(tmp_path)))
    assert words in dry
    assert words in started
    assert not list(tmp_path.glob("run/checkpoints/*"))


def test_the_dry_run_knows_the_run_in_its_folder(make_config, material, tmp_path):
    config = make_config(checkpoints={"save_interval": 2, "keep_last": 2})
    train_alone(config, stop_after=3)
    options = dry_run.target()
    assert any(line.startswith("goes on      after step 3") for line in dry_run.dry_run(config, options))
    with pytest.raises(ConfigError, match=r"the run was begun otherwise: optimizer\.lr was 0\.01 and is 0\.02"):
        dry_run.dry_run(make_config(optimizer={"lr": 0.02}), options)
    train_alone(config)
    shutil.rmtree(config.folder / "checkpoints")
    with pytest.raises(CheckpointError, match=r"step 6 was saved, but .* has no checkpoint"):
        dry_run.dry_run(config, options)


def test_a_finished_run_is_said_and_nothing_planned(material, make_config, tmp_path):
    config = make_config()
    train_alone(config)
    file = tmp_path / "finished.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    done = CliRunner().invoke(train, [str(file), "--dry-run"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "finished after step 6 already; nothing was done" in done.output
    assert "memory of a GPU" not in done.output


def test_validation_takes_a_third_of_a_step_a_token(make_config, material):
    config = make_config(
        data={"validation_split": 0.1}, schedule={"eval_interval": 4, "eval_iters": 2}, compute={"dtype": "bfloat16"}
    )
    prepared = dry_run.inspect_prepared(config)
    # Before the first step, after 4, and after the last, 6; 2 batches of 8 samples.
    assert dry_run.validations(config) == 3
    assert prepared.validation == [16]
    assert dry_run.validation_seconds(config, prepared, 100.0) == pytest.approx(3 * 16 * 16 / 300)
    found = dry_run.estimate(config, dry_run.target("H100"))
    speed = found["tokens_per_second"]
    assert found["validation_seconds"] == pytest.approx(3 * 16 * 16 / speed / 3)
    assert any(
        line.startswith("validation   3 times 16 samples; ") for line in dry_run.dry_run(config, dry_run.target())
    )


def test_the_disk_of_the_checkpoints_beside_the_free_one(make_config, monkeypatch):
    config = make_config(checkpoints={"save_interval": 2, "keep_last": 2})
    needed = 3 * checkpoint_bytes(config)  # two that stay, and one more
    for free, words in ((needed, " more, "), (needed - 1, "NOT ENOUGH: ")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: shutil._ntuple_diskusage(0, 0, free))
        line = next(line for line in dry_run.dry_run(config, dry_run.target()) if line.startswith("disk"))
        assert words in line
        assert ("NOT ENOUGH" in line) == (free < needed)
    train_alone(config, stop_after=3)
    there = sum(path.stat().st_size for path in config.folder.glob("checkpoints/*/*"))
    assert dry_run.estimate(config, dry_run.target())["disk_needed"] == needed - there


def test_rows_that_no_text_reaches_are_said(make_config):
    from tests.small_training import SMALL

    found = dry_run.estimate(make_config(model={**SMALL, "vocab_size": 80}), dry_run.target())["warnings"]
    assert len(found) == 1
    assert found[0].startswith("model.vocab_size is 80, and ")
    assert found[0].endswith("has 64 pieces: 16 rows of the embedding are never trained")
    assert dry_run.estimate(make_config(), dry_run.target())["warnings"] == []


def test_data_that_are_read_very_often_are_said(make_config, material):
    tokens = int(IndexedDataset.open(material / "corpus").lengths.sum())
    a_step = 8 * 16
    enough = MANY_EPOCHS * tokens // a_step
    for steps, count in ((enough, 0), (enough + 1, 1)):
        config = make_config(schedule={"train_iters": steps})
        found = [text for text in dry_run.estimate(config, dry_run.target())["warnings"] if "the run reads" in text]
        assert len(found) == count
    assert f"the run reads corpus ({tokens:,} tokens) 16 times: more than 16 epochs" in found[0]


def test_a_start_says_the_warnings_of_the_dry_run(make_config, capsys):
    from tests.small_training import SMALL

    config = make_config(model={**SMALL, "vocab_size": 80}, schedule={"train_iters": 1200})
    warnings = dry_run.estimate(config, dry_run.target())["warnings"]
    assert len(warnings) == 2
    train_alone(config, stop_after=1)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("WARNING")] == [f"WARNING: {text}" for text in warnings]


def test_more_ranks_than_gpus_of_this_machine_are_refused(monkeypatch):
    here = machine.Gpu("NVIDIA A100-SXM4-40GB", 40960, "570.1")
    monkeypatch.setattr(dry_run, "gpus", lambda: (here, here))
    config = TrainConfig.load(PAPERS)
    with pytest.raises(ConfigError, match=r"parallel\.nproc_per_node is 4, but there are 2 GPUs"):
        dry_run.dry_run(config, dry_run.target())
    dry_run.dry_run(config, dry_run.target("H100"))


def test_a_run_of_more_steps_than_can_be_counted_is_planned_at_once(make_config):
    config = make_config(schedule={"train_iters": 10**15}, checkpoints={"save_interval": 1, "keep_interval": "off"})
    assert dry_run.dry_run(config, dry_run.target())


@pytest.mark.parametrize("arguments", [["--dry-run"], []], ids=["dry run", "start"])
@pytest.mark.parametrize(
    ("setting", "package", "words"),
    [
        ("logging.wandb=offline", "wandb", "wandb is not installed; pip install wandb"),
        ("checkpoints.export=hf", "transformers", "transformers, which checks the export, is not installed"),
    ],
)
def test_a_package_that_a_setting_needs_is_missed_before_the_start(
    make_config, tmp_path, monkeypatch, arguments, setting, package, words
):
    monkeypatch.setitem(sys.modules, package, None)
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(make_config(parallel={"nproc_per_node": 1}).model_dump(mode="json")))
    monkeypatch.setattr("ncvc.train.elastic.launch.launch", lambda *_: pytest.fail("it started"))
    with pytest.raises(ConfigError, match=words):
        CliRunner().invoke(train, [str(file), "--set", setting, *arguments], catch_exceptions=False)
