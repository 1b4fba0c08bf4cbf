"""Adapters, documents, preferences and rewards; models of others; packing."""

from pathlib import Path

import pytest
import torch

from ncvc.convert.recheck import recheck
from ncvc.errors import NcvcError
from ncvc.hf.folder import open_folder
from ncvc.progress import Reporter
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.metrics.log import event_records, records, steps
from ncvc.tune.prepare import prepare
from ncvc.tune.rewards import reward
from tests.tune.conftest import conversations, run_tuning, weights_of, write_rows

TWO = {"train_iters": 2, "lr_warmup_iters": 1}


def built(config):
    """A trainer that was not started, with its log going nowhere."""
    from ncvc.tune.log import TuneLog
    from ncvc.tune.methods import build

    config.folder.mkdir(parents=True)
    log = TuneLog(config, speaks=False, done=0, reporter=Reporter())
    return build(config, prepare(config), log, StopRequest(), {"data": {}})


@pytest.mark.parametrize("kind", ["own", "qwen"])
def test_merged_adapters_are_the_applied_ones_and_are_kept(make_config, stock, own_base, kind):
    """The adapter of the folder, applied by PEFT to the base, gives the logits of the merged folder to 1e-4."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = own_base if kind == "own" else stock(kind)
    config = make_config(method="lora", lora={"rank": 4, "alpha": 8}, base=str(base), optimizer={"lr": 0.05})
    if kind == "qwen":
        config = make_config(
            **{**config.model_dump(mode="json"), "data": {**config.data.model_dump(), "max_length": 300}}
        )
    assert run_tuning(config)
    out = Path(config.output)
    plain = AutoModelForCausalLM.from_pretrained(base)
    if kind == "own":
        plain.resize_token_embeddings(12003)
    ids = torch.arange(4, 44)[None]
    before = plain(ids).logits
    applied = PeftModel.from_pretrained(plain, out / "adapter").eval()(ids).logits
    merged = AutoModelForCausalLM.from_pretrained(out)(ids).logits
    assert (applied - merged).abs().max() <= 1e-4 * applied.abs().max().clamp(min=1)
    assert (merged - before).abs().max() > 1e-2
    assert "/" not in (out / "adapter/adapter_config.json").read_text().replace("transformers/", "")
    trained = next(record for record in event_records(config.folder) if record["event"] == "started")
    assert trained["trained_parameters"] < trained["parameters"]


def test_adapters_stop_and_go_on_with_equal_bits(make_config):
    options = {"method": "lora", "lora": {"rank": 2, "alpha": 4, "dropout": 0.1}, "neftune_alpha": 5.0}
    whole, stopped = make_config("whole", **options), make_config("stopped", **options)
    assert run_tuning(whole)
    assert not run_tuning(stopped, stop_after=3)
    assert run_tuning(stopped)
    one, two = weights_of(Path(whole.output)), weights_of(Path(stopped.output))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("kind", ["own", "neox", "llama", "qwen"])
def test_packed_samples_do_not_see_each_other(make_config, stock, own_base, kind):
    """The loss of a packed batch is that of its samples, each alone."""
    base = own_base if kind == "own" else stock(kind)
    rows = [{"instruction": "問" * number, "output": "答え"} for number in (3, 5, 8, 2, 7)]
    config = make_config(
        rows=rows,
        base=str(base),
        template="instruction",
        data={"max_length": 128, "packing": True},
        schedule={"global_batch_size": 2, "micro_batch_size": 2},
    )
    tuning = built(config)
    trainer = tuning.trainer
    batch = trainer.data_collator([trainer.train_dataset[row] for row in range(len(trainer.train_dataset))])
    model = trainer.model.eval()
    with torch.no_grad():
        packed = trainer.compute_loss(model, dict(batch)).item()
        total = count = 0
        for sample in tuning.prepared.samples:
            logits = model(torch.tensor([sample.ids])).logits[0, :-1].float()
            labels = torch.tensor(sample.labels[1:])
            total += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            count += int((labels != -100).sum())
    assert len(trainer.train_dataset) < len(rows)
    assert packed == pytest.approx(total / count, abs=1e-5)


def test_documents_train_every_token(make_config, own_base):
    rows = [{"text": row["messages"][1]["content"] * 3} for row in conversations(12)]
    config = make_config(rows=rows, method="continued", schedule=TWO)
    assert run_tuning(config)
    losses = [step.loss for step in steps(config.folder)]
    assert losses[1] < losses[0]
    assert weights_of(Path(config.output))["lm_head.weight"].shape == weights_of(own_base)["lm_head.weight"].shape


def test_preferences_come_to_be_preferred(make_config):
    rows = [{"prompt": f"質問{number}", "chosen": "A", "rejected": "B"} for number in range(8)]
    validation = write_rows(make_config("v").folder.parent / "validation.jsonl", rows[:4])
    config = make_config(
        rows=rows,
        method="dpo",
        optimizer={"lr": 0.003},
        schedule={"global_batch_size": 8, "eval_interval": 3},
        data={"validation": [str(validation)]},
    )
    assert run_tuning(config)
    logged = records(config.folder)
    metrics = [record["metrics"] for record in logged if "event" not in record]
    assert steps(config.folder)[0].loss == pytest.approx(0.6931, abs=1e-3)  # ln 2: both models are one
    assert metrics[-1]["rewards/accuracies"] == 1.0
    validations = [record for record in event_records(config.folder) if record["event"] == "validation"]
    assert [record["step"] for record in validations] == [0, 3, 6]
    assert validations[0]["loss"] == pytest.approx(0.6931, abs=1e-3)
    assert validations[-1]["loss"] < 0.69
    assert metrics[-1]["rewards/margins"] > 0.01


def test_right_answers_are_rewarded(make_config, monkeypatch):
    """Any answer of one token is right here, so that some of the drawn ones are."""
    import ncvc.tune.methods as module

    monkeypatch.setattr(module, "reward", lambda answer, right: float(len(answer) == 1))
    config = make_config(
        rows=[{"question": f"質問{number}", "answer": "A"} for number in range(4)],
        method="grpo",
        grpo={"generations": 4, "max_new_tokens": 2},
        schedule=TWO,
    )
    assert run_tuning(config)
    logged = steps(config.folder)
    assert [step.step for step in logged] == [1, 2]
    assert logged[-1].tokens > 8
    assert open_folder(Path(config.output))


def test_rewards_do_not_mind_width_and_case():
    assert [reward(*pair) for pair in [("A", "A"), (" ａ\n", "A"), ("A,B", "A"), ("", "A"), ("B", "A")]] == [
        1,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize("kind", ["neox", "llama", "qwen"])
def test_models_of_others_come_out_as_they_went_in(make_config, stock, kind):
    """Class, names of weights, tokenizer and template stay; transformers loads the result, and so does a second tuning."""
    base = stock(kind)
    config = make_config(
        rows=[{"instruction": "要約せよ", "output": "短い"}] * 8,
        base=str(base),
        template="chat" if kind == "qwen" else "instruction",
        data={"max_length": 200},
        schedule=TWO,
    )
    assert run_tuning(config)
    out = Path(config.output)
    assert weights_of(out).keys() == weights_of(base).keys()
    assert recheck(out) <= 1e-5  # also where transformers has other names in memory, as of GPT-NeoX
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        assert (out / name).read_bytes() == (base / name).read_bytes()
    again = make_config("again", rows=[{"instruction": "問", "output": "答"}] * 8, base=str(out),
                        template=config.template, data={"max_length": 200}, schedule=TWO)  # fmt: skip
    assert run_tuning(again)


def test_four_bits_need_a_gpu(monkeypatch):
    from ncvc.tune import four_bits

    monkeypatch.setattr(four_bits, "gpus", lambda: ())
    with pytest.raises(NcvcError, match="needs an NVIDIA GPU, and there is none here; choose method lora"):
        four_bits.require_four_bits()
    monkeypatch.setattr(four_bits, "gpus", lambda: ("one",))
    monkeypatch.setattr(four_bits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NcvcError, match="pip install bitsandbytes"):
        four_bits.require_four_bits()
