"""Configs: what ships, and what is refused with which words."""

import math
import re
from pathlib import Path

import pytest

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import latest
from ncvc.convert import mapping
from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.launch import processes
from ncvc.train.metrics.log import steps
from tests.conftest import ROOT
from tests.small_training import made_up_documents, train_alone, write_dataset

CONFIGS = ROOT / "megatron_configs"


SHIPPED = sorted(CONFIGS.glob("*.yaml"))
SHRUNK = (
    "model.num_layers=2",
    "model.hidden_size=40",
    "model.ffn_hidden_size=64",
    "model.num_attention_heads=4",
    "model.num_query_groups=2",
    "model.vocab_size=64",
    "data.sequence_length=16",
    "data.num_workers=0",
    "schedule.train_iters=2",
    "schedule.lr_warmup_iters=1",
    "schedule.global_batch_size=4",
    "schedule.micro_batch_size=2",
    "checkpoints.init_from=null",
    "logging.tensorboard=false",
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_config_loads(path):
    config = TrainConfig.load(path)
    ranks = config.parallel.nproc_per_node or 4
    assert config.data_parallel_size(ranks) == ranks
    assert config.warnings == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_config_starts(path, material, tmp_path):
    """Two steps with the dimensions shrunk; all else, dropout and bfloat16 too, as it ships."""
    write_dataset(tmp_path / "second", made_up_documents(80, seed=1))
    shipped = TrainConfig.load(path)
    prefixes = [material / "corpus", tmp_path / "second"][: len(shipped.data.prefixes)]
    overrides = (
        *SHRUNK,
        f"run={tmp_path / 'run'}",
        f"data.prefixes=[{', '.join(map(str, prefixes))}]",
        f"data.tokenizer={material / 'tokenizer'}",
        f"data.validation_split={10 * shipped.data.validation_split}",  # of few documents more, or there are none
    )
    config = TrainConfig.load(path, overrides)
    train_alone(config)
    assert [step.step for step in steps(config.folder)] == [1, 2]
    assert all(3 < step.loss < 6 for step in steps(config.folder))  # ln 64 = 4.16
    if shipped.checkpoints.init_from is not None:
        start = checkpoint_folder(config.run, 2)
        again = (*overrides, f"run={tmp_path / 'again'}", f"checkpoints.init_from={start}")
        train_alone(TrainConfig.load(path, again))
        assert latest(tmp_path / "again").manifest.step == 2


def test_the_siblings_have_the_parameters_that_they_say():
    sayings = {path: re.search(r"([\d,]+) parameters", path.read_text(encoding="utf-8")) for path in SHIPPED}
    says = {path: said for path, said in sayings.items() if said}
    assert {"ncvc-350m", "ncvc-100m"} <= {path.stem for path in says}
    for path, said in says.items():
        model = TrainConfig.load(path).model
        own = sum(math.prod(mapping.megatron_shape(weight, model)) for weight in mapping.weights(model))
        assert int(said[1].replace(",", "")) == own, path


def test_the_papers_run_on_other_cards_is_the_same_run():
    """Only the folder and how the ranks share the batch differ."""
    papers = TrainConfig.load(CONFIGS / "ncvc-slm-1.yaml").model_dump()
    for cards in ("1x80gb", "8x80gb"):
        other = TrainConfig.load(CONFIGS / f"ncvc-slm-1-{cards}.yaml").model_dump()
        for free in ("run", "parallel"):
            other[free] = papers[free]
        assert other == papers


def test_the_papers_run():
    """Technical report 2.3 and 2.4.1."""
    config = TrainConfig.load(CONFIGS / "ncvc-slm-1.yaml")
    model, optimizer, schedule = config.model, config.optimizer, config.schedule
    assert (model.num_layers, model.hidden_size, model.ffn_hidden_size) == (24, 2048, 8192)
    assert (model.num_attention_heads, model.num_query_groups, model.kv_channels) == (32, 8, 64)
    assert (model.vocab_size, config.data.sequence_length) == (2**15, 2048)
    assert (model.hidden_dropout, model.attention_dropout) == (0.1, 0.1)
    assert (optimizer.lr, optimizer.min_lr, optimizer.weight_decay) == (1e-3, 0.0, 0.1)
    assert (optimizer.adam_beta1, optimizer.adam_beta2) == (0.9, 0.95)
    assert (schedule.train_iters, schedule.lr_warmup_iters) == (24_000, 750)
    assert schedule.global_batch_size == schedule.micro_batch_size * 4 * 32 == 1024
    assert config.checkpoints.save_interval == 3200
    assert round(schedule.train_iters * config.tokens_per_step / 1e9) == 50


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.hidden_sise=64", "unknown key 'model.hidden_sise'; did you mean 'hidden_size'?"),
        ("model.num_query_groups=3", "model: num_attention_heads 8 must be a multiple of num_query_groups 3"),
        ("model.hidden_size=56", "7 features; RoPE turns pairs, make it even"),
        ("data.sequence_length=128", "data.sequence_length 128 is above model.max_position_embeddings 64"),
        ("schedule.lr_warmup_iters=20", "leaves nothing of train_iters 20; make it smaller"),
        ("schedule.micro_batch_size=3", "must be a multiple of micro_batch_size 3"),
        ("optimizer.min_lr=1.0", "min_lr 1.0 is above lr 0.003; lower min_lr"),
        ("parallel.sequence_parallel=true", "sequence_parallel needs tensor_model_parallel_size above 1"),
        ("parallel.pipeline_model_parallel_size=4", "model.num_layers 2 does not divide by"),
        ("parallel.tensor_model_parallel_size=3", "model.num_attention_heads 8 does not divide by"),
        ("compute.dtype=float16", "'compute.dtype' is 'float16': input should be 'bfloat16' or 'float32'"),
        ("data.prefixes=[a.bin]", "data: a.bin is a file; leave out .bin"),
        ("data.prefixes=[a, b, a]", "data: a is named twice; give it a larger weight"),
        ("data.validation_prefixes=[demo/tokens/corpus]", "data: demo/tokens/corpus is named twice"),
        ("data.weights=[1, 2]", "data: weights has 2 numbers for 1 prefixes; write one for each"),
        ("data.weights=[0]", "data: weights gives no dataset a weight; make one larger than 0"),
        ("data.weights=[-1]", "'data.weights.0' is -1: input should be greater than or equal to 0"),
        (
            "data={prefixes: [a], tokenizer: t, sequence_length: 8, validation_split: 0.1, validation_prefixes: [b]}",
            "data: validation_split and validation_prefixes exclude each other",
        ),
        ("data.validation_split=1.0", "'data.validation_split' is 1.0: input should be less than 1"),
        ("schedule.eval_iters=0", "'schedule.eval_iters' is 0: input should be greater than or equal to 1"),
        ("seed=4294967296", "'seed' is 4294967296: input should be less than 4294967296"),
        ("run=", "'run' is None: input should be a valid string"),
        ("run=''", "'run' is '': string should have at least 1 character"),
        (
            "checkpoints.init_from=runs/tiny/checkpoints/step_00000010",
            "checkpoints.init_from lies in run runs/tiny; name another folder as run",
        ),
        (
            "schedule={train_iters: 9, global_batch_size: 8, micro_batch_size: 1, lr_warmup_iters: 1, lr_warmup_style: logarithmic}",
            "lr_warmup_iters 1 is no logarithmic rise",
        ),
        ("schedule.lr_decay_style=wsd", "lr_decay_style wsd needs lr_cooldown_iters"),
        ("schedule.lr_cooldown_iters=5", "belongs to lr_decay_style wsd or inverse_sqrt, not cosine; set it to 0"),
        ("schedule.lr_decay_style=exponential", "'schedule.lr_decay_style' is 'exponential'"),
        ("run=~nobody-here/runs", "there is no home folder ~nobody-here; write the whole path, or ./~nobody-here/runs"),
        ("model.embedding_dropout=1.0", "'model.embedding_dropout' is 1.0"),
        ("checkpoints.keep_interval=never", "'checkpoints.keep_interval"),
        ("data.prefixes=[]", "'data.prefixes' is []: list should have at least 1 item"),
    ],
)
def test_mistakes_are_named_with_the_fix(override, words):
    with pytest.raises(ConfigError) as error:
        TrainConfig.load(CONFIGS / "tiny.yaml", (override,))
    assert words in str(error.value)
    assert str(error.value).startswith((f"{CONFIGS / 'tiny.yaml'}:", f"--set {override}: "))


def test_a_folder_in_the_place_of_a_dataset_is_named_with_its_datasets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("tokens/b", "tokens/a", "other/a"):
        write_dataset(tmp_path / name, [[5] * 30])
    Path("tokens/half.idx").touch()
    Path("empty").mkdir()

    def says(value):
        with pytest.raises(ConfigError) as error:
            TrainConfig.load(CONFIGS / "tiny.yaml", (value,))
        return str(error.value)

    for name in ("tokens/", "tokens", str(tmp_path / "tokens")):
        folder = name.rstrip("/")
        assert says(f"data.prefixes=[{name}]").endswith(
            f"data: {name} is a folder; name what is in it: [{folder}/a, {folder}/b]"
        )
    assert "tokens is a folder" in says("data.validation_prefixes=[tokens]")
    assert says("data.prefixes=[empty]").endswith("no dataset is in it: no .idx beside its .bin")
    write_dataset(tmp_path / "tokens", [[5] * 30])  # beside the folder of this name
    assert TrainConfig.load(CONFIGS / "tiny.yaml", ("data.prefixes=[tokens]",)).data.prefixes == ["tokens"]


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = ("run=~/r", "data.prefixes=[~/a, b~c]", "data.tokenizer=~/t", "checkpoints.init_from=~/i")
    config = TrainConfig.load(CONFIGS / "tiny.yaml", paths)
    assert config.run == str(tmp_path / "r")
    assert config.data.prefixes == [str(tmp_path / "a"), "b~c"]
    assert config.data.tokenizer == str(tmp_path / "t")
    assert config.checkpoints.init_from == str(tmp_path / "i")
    other = TrainConfig.load(CONFIGS / "tiny.yaml", ("data.validation_prefixes=[~/v]",))
    assert other.data.validation_prefixes == [str(tmp_path / "v")]


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        (3, "3 ranks do not divide by tensor × pipeline parallel = 2; set parallel.nproc_per_node"),
        (6, "global_batch_size 8 must be a multiple of micro_batch_size × data-parallel ranks = 6"),
    ],
)
def test_ranks_that_do_not_fit(ranks, words):
    overrides = (f"parallel.nproc_per_node={ranks}", "parallel.tensor_model_parallel_size=2")
    with pytest.raises(ConfigError, match=words):
        processes(TrainConfig.load(CONFIGS / "tiny.yaml", overrides))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "checkpoints.keep_interval=no",
            "'checkpoints.keep_interval' is 'no': input should be a valid integer or 'off'",
        ),
        (
            "checkpoints.keep_interval=0",
            "'checkpoints.keep_interval' is 0: input should be greater than or equal to 1 or",
        ),
        (
            "compute.apply_rope_fusion=maybe",
            "'compute.apply_rope_fusion' is 'maybe': input should be a valid boolean or",
        ),
    ],
)
def test_a_value_of_several_types_is_named_with_all_of_them(override, words):
    """By the key, and not by the name that pydantic has for a type."""
    with pytest.raises(ConfigError, match=re.escape(words)):
        TrainConfig.load(CONFIGS / "tiny.yaml", (override,))
