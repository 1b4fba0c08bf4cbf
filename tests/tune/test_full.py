"""Tuning of all weights: it learns, stops and goes on with equal bits, and keeps bad steps from the weights."""

import json
import math
from pathlib import Path

import pytest
import torch

from ncvc.errors import ConfigError, InputError, TrainingError
from ncvc.manifest import own_manifest, verify
from ncvc.train.metrics.log import event_records, steps
from ncvc.tune import checkpoints
from ncvc.tune.run import is_finished
from tests.tune.conftest import conversations, run_tuning, weights_of, write_rows

NOISY = {"neftune_alpha": 5.0, "compute": {"attention_dropout": 0.1}}


def answers(folder, rows):
    """Answers of a tuned folder to each prompt, greedily, by transformers alone on ids of our own."""
    from transformers import AutoModelForCausalLM

    import ncvc

    tokenizer = ncvc.Tokenizer.load(folder / "ncvc/tokenizer")
    user, assistant = (tokenizer.piece_to_id(f"<|{role}|>") for role in ("user", "assistant"))
    model = AutoModelForCausalLM.from_pretrained(folder)
    found = []
    for row in rows:
        turns = [turn["content"] for turn in row["messages"]]
        ids = [tokenizer.eos_id, user, *tokenizer.encode(turns[0]), assistant]
        made = model.generate(torch.tensor([ids]), max_new_tokens=4, do_sample=False)[0, len(ids) :].tolist()
        assert made[-1] == tokenizer.eos_id
        found.append(tokenizer.decode(made))
    return found


def test_it_overfits_64_examples_to_every_answer(make_config):
    rows = conversations(short=True)
    config = make_config(
        rows=rows,
        optimizer={"lr": 0.01, "weight_decay": 0.0},
        schedule={"train_iters": 200, "global_batch_size": 32, "micro_batch_size": 32, "lr_warmup_iters": 5},
        checkpoints={"save_interval": 1000},
    )
    assert run_tuning(config)
    assert answers(Path(config.output), rows) == [row["messages"][-1]["content"] for row in rows]


def test_stopped_and_started_again_it_ends_with_equal_bits(make_config):
    """Dropout and noise on, validation on, an epoch's end in between; tolerance 0."""
    rows = conversations(20)  # an epoch of 2.5 steps
    whole = make_config("whole", rows=rows, **NOISY)
    assert run_tuning(whole)
    validation = write_rows(whole.folder.parent / "validation.jsonl", conversations(6))
    own = make_config(
        "stopped", rows=rows, schedule={"eval_interval": 2}, data={"validation": [str(validation)]}, **NOISY
    )
    # The data are the same bytes under another name.
    assert not run_tuning(own, stop_after=2)
    assert event_records(own.folder)[-1]["event"] == "stopped"
    assert not run_tuning(own, stop_after=1)
    assert run_tuning(own)
    for one, two in zip(steps(whole.folder), steps(own.folder), strict=True):
        assert (one.step, one.loss, one.grad_norm, one.lr, one.tokens) == (
            two.step, two.loss, two.grad_norm, two.lr, two.tokens,
        )  # fmt: skip
    one, two = weights_of(Path(whole.output)), weights_of(Path(own.output))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert is_finished(own)


def test_a_loss_that_is_not_finite_stops_before_the_weights(make_config, monkeypatch):
    from ncvc.tune import trainer as module

    config = make_config(checkpoints={"save_interval": 1})
    original = module.promising

    def spoiled(trl):
        made = original(trl)

        class Spoiled(made):
            def compute_loss(self, *arguments, **options):
                loss = super().compute_loss(*arguments, **options)
                return loss * math.nan if self.state.global_step == 2 else loss

        return Spoiled

    monkeypatch.setattr("ncvc.tune.methods.promising", spoiled)
    with pytest.raises(TrainingError, match=r"step 3: .*the weights were not changed"):
        run_tuning(config)
    newest, damaged = checkpoints.newest(config.folder)
    assert newest is not None
    assert (newest.name, damaged) == ("step_00000002", [])
    assert all(part.isfinite().all() for part in weights_of(newest).values())
    assert steps(config.folder)[-1].step == 2
    monkeypatch.undo()
    assert run_tuning(config)


def test_a_damaged_checkpoint_is_passed_over(make_config):
    config = make_config(checkpoints={"save_interval": 2, "keep_last": 2})
    assert not run_tuning(config, stop_after=4)
    names = sorted(path.name for path in (config.folder / "checkpoints").iterdir())
    assert names == ["step_00000002", "step_00000004"]
    path = config.folder / "checkpoints/step_00000004/model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert run_tuning(config)
    events = [record["event"] for record in event_records(config.folder)]
    assert "damaged" in events
    assert next(record for record in event_records(config.folder) if record["event"] == "resumed")["step"] == 2


def test_another_config_or_other_data_is_refused(make_config, tmp_path):
    config = make_config()
    assert not run_tuning(config, stop_after=1)
    with pytest.raises(ConfigError, match=r"optimizer\.lr was 0\.003 and is 0\.002"):
        run_tuning(make_config(optimizer={"lr": 0.002}))
    with pytest.raises(ConfigError, match=r"data\..*run\.jsonl was"):
        run_tuning(make_config(rows=conversations(32)))
    with pytest.raises(InputError):
        run_tuning(make_config(rows=["{"]))


def test_what_is_logged(make_config):
    """Learning rate and tokens of each step by hand; validation by task against plain cross entropy."""
    from ncvc.tune.prepare import prepare

    validation = write_rows(make_config().folder.parent / "validation.jsonl", conversations(10))
    config = make_config(
        data={"validation": [str(validation)]},
        schedule={"eval_interval": 3, "lr_warmup_iters": 2},
        logging={"tensorboard": True},
    )
    assert run_tuning(config)
    logged = steps(config.folder)
    warm = [0.0015, 0.003]
    cosine = [0.003 * (1 + math.cos(math.pi * share)) / 2 for share in (0.25, 0.5, 0.75, 1)]
    assert [step.lr for step in logged] == pytest.approx([*warm, *cosine], abs=1e-12)
    prepared = prepare(config)
    assert logged[-1].tokens < sum(len(sample.ids) for sample in prepared.samples)
    events = [record for record in event_records(config.folder) if record["event"] == "validation"]
    assert [event["step"] for event in events] == [0, 3, 6]
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(Path(config.output))
    sums = {}
    for sample in prepared.validation:
        logits = model(torch.tensor([sample.ids])).logits[0, :-1].log_softmax(1)
        losses = [
            -logits[place, sample.ids[place + 1]].item()
            for place in range(len(sample.ids) - 1)
            if sample.counts[place + 1]
        ]
        total, count = sums.get(sample.task, (0.0, 0))
        sums[sample.task] = total + sum(losses), count + len(losses)
    found = {task: section["loss"] for task, section in events[-1]["sources"].items()}
    assert found == pytest.approx({task: total / count for task, (total, count) in sums.items()}, abs=1e-5)
    assert set(found) == {"first", "second"}
    assert list((config.folder / "tensorboard").iterdir())
    from ncvc.train.metrics.history import read_histories

    assert read_histories([config.folder])[0].sources == found


def test_old_rows_stay_and_three_come(own_base):
    from ncvc.hf.load import load_model
    from ncvc.tune.model import add_rows

    model = load_model(own_base)
    before = [model.get_input_embeddings().weight.clone(), model.get_output_embeddings().weight.clone()]
    add_rows(model, 3, seed=1)
    after = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    for old, new in zip(before, after, strict=True):
        assert new.shape == (12003, 48)
        assert torch.equal(new[:12000], old)
        # The new rows are the old ones' mean, and differ a little.
        torch.testing.assert_close(new[12000:], old.mean(0).expand(3, -1), atol=1e-3, rtol=0)
        assert not torch.equal(new[12000], new[12001])
    assert model.config.vocab_size == 12003


@pytest.mark.parametrize("packing", [False, True])
def test_the_noise_is_that_of_the_unfolded_embedding(make_config, packing):
    """Uniform within ± α √d / √(L·d) of the folded embedding's output, L being the padded or packed length."""
    from ncvc.progress import Reporter
    from ncvc.train.elastic.stop_signal import StopRequest
    from ncvc.tune.log import TuneLog
    from ncvc.tune.methods import build
    from ncvc.tune.prepare import prepare

    config = make_config(neftune_alpha=5.0, data={"packing": packing}, schedule={"train_iters": 3})
    prepared = prepare(config)
    config.folder.mkdir()
    log = TuneLog(config, speaks=True, done=0, reporter=Reporter())
    tuning = build(config, prepared, log, StopRequest(), {"data": {}})
    found = []

    def measure(module, inputs, output):
        clean = torch.nn.functional.embedding(inputs[0], module.weight)
        found.append((inputs[0].shape, (output - clean).detach()))

    original = tuning.trainer.training_step

    def step(model, *rest):
        hook = model.get_input_embeddings().register_forward_hook(measure)
        loss = original(model, *rest)
        hook.remove()
        return loss

    tuning.trainer.training_step = step
    tuning.trainer.train()
    assert len(found) == 6
    for (rows, length), noise in found:
        assert (rows == 1) == packing
        bound = 5 * math.sqrt(48) / math.sqrt(length * 48)
        assert noise.abs().max() <= bound * 1.0001
        assert noise.abs().max() > bound * 0.98
        assert noise.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    said = "packed" if packing else "padded"
    assert f"± 5 / √(L·d) · {math.sqrt(48):.4g}" in tuning.describe()
    assert said in tuning.describe()


def test_the_folder_is_whole_and_every_special_id_is_right(make_config):
    from transformers import AutoTokenizer

    from ncvc.convert.recheck import recheck

    config = make_config()
    assert run_tuning(config)
    out = Path(config.output)
    assert list(verify(out)) == []
    manifest = own_manifest(out)
    assert (manifest["tuned"]["steps"], manifest["model"]["vocab_size"]) == (6, 12003)
    assert str(config.folder.parent) not in (out / "manifest.json").read_text()
    assert recheck(out) <= 1e-5
    tokenizer = AutoTokenizer.from_pretrained(out)
    tokens = ["<|system|>", "<|user|>", "<|assistant|>"]
    assert tokenizer.convert_tokens_to_ids(tokens) == [12000, 12001, 12002]
    settings, generation = (json.loads((out / name).read_text()) for name in ("config.json", "generation_config.json"))
    assert (settings["vocab_size"], settings["eos_token_id"], settings["pad_token_id"]) == (12003, 2, 2)
    assert (generation["eos_token_id"], tokenizer.eos_token_id, tokenizer.pad_token_id) == (2, 2, 2)
    turns = [{"role": "system", "content": "簡潔に"}, {"role": "user", "content": "質問"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text.endswith("<|system|>簡潔に<|user|>質問<|assistant|>")
    # Served by its template it reads what it was tuned on.
    from ncvc.hf.chat import template_of_folder
    from ncvc.hf.folder import open_folder
    from ncvc.hf.tokenizer import load_tokenizer
    from ncvc.tune.prepare import prepare

    served = template_of_folder(out).encode(load_tokenizer(open_folder(out)), conversations(1)[0]["messages"][:2])
    sample = prepare(config).samples[0]
    assert served == sample.ids[: len(served)]
    assert len(served) == sample.counts.index(True)
    assert "Tuned on conversations" in (out / "README.md").read_text()
    # Started again, nothing is done.
    assert is_finished(config)


def test_what_a_crash_left_is_cleaned_and_a_lost_output_is_written_again(make_config):
    """The rest of a checkpoint goes, and a model that was moved away comes again from the last checkpoint."""
    config = make_config(checkpoints={"save_interval": 3})
    assert not run_tuning(config, stop_after=3)
    torn = config.folder / "checkpoints/.tuning.partial/checkpoint-4"
    torn.mkdir(parents=True)
    (torn / "model.safetensors").write_bytes(b"torn")
    assert run_tuning(config)
    names = sorted(path.name for path in (config.folder / "checkpoints").iterdir())
    assert names == ["step_00000003", "step_00000006"]
    out = Path(config.output)
    before = weights_of(out)
    out.rename(out.with_name("moved"))
    assert not is_finished(config)
    assert run_tuning(config)
    assert all(torch.equal(part, before[name]) for name, part in weights_of(out).items())
    assert steps(config.folder)[-1].step == 6
