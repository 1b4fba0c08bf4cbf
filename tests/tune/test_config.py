"""The shipped configs: the papers' numbers, and two steps of each with a tiny model."""

from pathlib import Path

import pytest

from ncvc.config import SHIPPED
from ncvc.errors import ConfigError
from ncvc.progress import Reporter
from ncvc.tune.config import TuneConfig
from ncvc.tune.log import TuneLog
from tests.tune.conftest import conversations, run_tuning, write_rows

CONFIGS = sorted((SHIPPED / "tune").glob("*.yaml"))
KINDS = {"continued-gpt-neox-7b": "neox", "lora-gpt-neox-7b": "neox", "qlora-llama-70b": "llama"}


def test_the_papers_numbers():
    """Technical report 2.4.2; 890 steps are 10 epochs of 22,741 rows, the last step of each being smaller."""
    first = TuneConfig.load(SHIPPED / "tune/jmed-llm.yaml")
    second = TuneConfig.load(SHIPPED / "tune/jmed-llm-exercises.yaml")
    for config, batch, steps in ((first, 256, 890), (second, 1024, 4850)):
        optimizer, schedule = config.optimizer, config.schedule
        assert (optimizer.adam_beta1, optimizer.adam_beta2, optimizer.weight_decay) == (0.9, 0.95, 0.01)
        assert (optimizer.lr, schedule.lr_warmup_iters, schedule.lr_decay_style) == (1e-4, 50, "cosine")
        assert (schedule.global_batch_size, schedule.train_iters, schedule.micro_batch_size) == (batch, steps, 8)
        assert (config.neftune_alpha, config.method, config.template) == (5, "full", "chat")
    assert 10 * -(-22741 // 256) == 890
    neighbours = [TuneConfig.load(SHIPPED / f"tune/{name}.yaml") for name in KINDS]
    for config in neighbours:
        assert (config.schedule.train_iters, config.data.max_length, config.schedule.global_batch_size) == (
            2000,
            768,
            63,
        )


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_starts_for_two_steps(path, own_base, stock, tmp_path):
    """Sizes of the batch and the model are small; all else is the config's."""
    config = TuneConfig.load(path)
    kind = KINDS.get(path.stem)
    rows = {
        "continued": [{"text": "肺炎は感染症である。" * 30}] * 4,
        "dpo": [{"prompt": "質問", "chosen": "A", "rejected": "B"}] * 8,
        "grpo": [{"question": "質問", "answer": "A"}] * 8,
    }.get(config.method, [{"instruction": "問い", "output": "答え"}] * 8 if kind else conversations(8, short=True))
    data = write_rows(tmp_path / "data.jsonl", rows)
    small = (
        f"run={tmp_path / 'run'}",
        f"output={tmp_path / 'out'}",
        f"base={stock(kind) if kind else own_base}",
        f"data.train=[{data}]",
        f"data.max_length={500 if kind else 96}",
        "schedule.train_iters=2",
        "schedule.lr_warmup_iters=1",
        "schedule.global_batch_size=4",
        "schedule.micro_batch_size=2",
        "logging.tensorboard=false",
        *(["grpo.generations=2", "grpo.max_new_tokens=2"] if config.method == "grpo" else []),
        *(["method=lora"] if config.method == "qlora" else []),  # there is no GPU for 4 bits
    )
    assert run_tuning(TuneConfig.load(path, small))
    assert (tmp_path / "out/config.json").is_file()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "grpo", "data": {"validation": ["x"]}}, "no loss with method grpo"),
        ({"method": "dpo", "data": {"packing": True}}, "not for method dpo"),
        ({"method": "grpo", "neftune_alpha": 5.0}, "would disturb the answers"),
        ({"schedule": {"global_batch_size": 7}}, "must be a multiple of"),
        ({"schedule": {"lr_warmup_iters": 6}}, "leaves nothing of train_iters 6"),
        ({"method": "continued", "template": "instruction"}, "not for method continued"),
    ],
)
def test_what_does_not_fit_is_refused(make_config, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_config(**change)


def test_folders_in_each_other_are_refused(make_config, own_base):
    with pytest.raises(ValueError, match="base and output are one folder"):
        make_config(output=str(own_base))


def test_a_sample_longer_than_the_model_is_refused(make_config):
    from ncvc.tune.prepare import prepare

    with pytest.raises(ConfigError, match="above the 128 tokens"):
        prepare(make_config(data={"max_length": 129}))


def test_an_unknown_key_names_the_nearest(tmp_path):
    (tmp_path / "c.yaml").write_text("run: a\nneftune_alhpa: 5\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean 'neftune_alpha'"):
        TuneConfig.load(Path(tmp_path / "c.yaml"))


def test_samples_that_are_read_more_often_than_the_papers_are_said():
    papers = TuneConfig.load(SHIPPED / "tune/jmed-llm.yaml", ())
    assert papers.epochs(22741) == 10
    assert papers.warnings(22741) == []
    assert papers.warnings(6)[0].startswith("the tuning reads 6 samples 890 times, and the papers 10 times; a model")


def test_the_first_step_of_a_start_has_a_line_whatever_the_interval(tmp_path):
    said = []
    reporter = type("Kept", (Reporter,), {"say": lambda _, line: said.append(line)})()
    config = TuneConfig.load(SHIPPED / "tune/jmed-llm.yaml", (f"run={tmp_path}", "logging.tensorboard=false"))
    config = config.model_copy(update={"logging": config.logging.model_copy(update={"log_interval": 4})})
    log = TuneLog(config, speaks=True, done=5, reporter=reporter)
    for step in range(6, 10):
        log.step(step, loss=1.0, lr=0.1, grad_norm=1.0, tokens=step, more={})
    log.close()
    assert [line.split("/")[0] for line in said] == ["step   6", "step   8"]
