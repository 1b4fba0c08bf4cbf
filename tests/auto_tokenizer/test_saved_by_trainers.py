"""Folders that TRL, PEFT and transformers' own Trainer save of a model of ours: exact, and they begin a text alike.

Written by another author than the rule, from the specification.
"""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

import ncvc
from ncvc.hf.folder import open_folder
from ncvc.hf.tokenizer import ExactTokenizer, load_tokenizer, prompt_ids
from tests.conftest import run_ncvc

TEXT = ["症例は６０歳、男性．発熱あり。", "退院後は 外来で経過を みる。"] * 4


def settings(kind: type, out: Path) -> Any:
    """Two steps on a CPU, without reports to anybody."""
    return kind(
        output_dir=str(out / "work"),
        max_steps=2,
        per_device_train_batch_size=2,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        bf16=False,
        disable_tqdm=True,
    )


def by_trainer(folder: Path, out: Path) -> None:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = tokenizer.pad(rows, return_tensors="pt")
        return {**batch, "labels": batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)}

    rows = datasets.Dataset.from_list([dict(tokenizer(text)) for text in TEXT])
    trainer = Trainer(model, settings(TrainingArguments, out), collate, rows, processing_class=tokenizer)
    trainer.train()
    trainer.save_model(str(out / "saved"))


def by_trl(folder: Path, out: Path, lora: Any = None) -> Any:
    from trl import SFTConfig, SFTTrainer

    rows = datasets.Dataset.from_list([{"text": text} for text in TEXT])
    trainer = SFTTrainer(str(folder), settings(SFTConfig, out), train_dataset=rows, peft_config=lora)
    trainer.train()
    ids = trainer.train_dataset[0]["input_ids"]
    exact = ncvc.Tokenizer.load(folder / "ncvc/tokenizer")
    assert list(ids) == [1, *exact.encode(TEXT[0]), 2]  # the beginning once, the exact ids, the end
    trainer.save_model(str(out / "saved"))
    return trainer


def by_peft(folder: Path, out: Path) -> None:
    from peft import LoraConfig

    trainer = by_trl(folder, out, LoraConfig(target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    adapter = out / "saved"
    exact = ncvc.Tokenizer.load(folder / "ncvc/tokenizer")
    assert AutoTokenizer.from_pretrained(adapter)(TEXT[0])["input_ids"] == [1, *exact.encode(TEXT[0])]
    merged = trainer.model.merge_and_unload()
    merged.save_pretrained(out / "merged")
    trainer.processing_class.save_pretrained(out / "merged")
    adapter.rename(out / "adapter")
    (out / "merged").rename(adapter)


@pytest.mark.parametrize("save", [by_trainer, by_trl, by_peft])
def test_the_folder_is_exact_and_begins_alike(model_folder: Path, tmp_path: Path, save: Any) -> None:
    save(model_folder, tmp_path)
    saved = tmp_path / "saved"
    exact = ncvc.Tokenizer.load(model_folder / "ncvc/tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(saved)
    for text in TEXT[:2]:
        assert tokenizer(text)["input_ids"] == [1, *exact.encode(text)]
    for name in ("config.json", "generation_config.json"):
        said = json.loads((saved / name).read_text(encoding="utf-8"))
        assert (said["bos_token_id"], said["eos_token_id"], said["pad_token_id"]) == (1, 2, 2), name
    assert tokenizer.padding_side == "left"
    made = AutoModelForCausalLM.from_pretrained(saved).generate(max_new_tokens=1, do_sample=False)
    assert made[0, 0] == 1
    opened = open_folder(saved)
    ours = load_tokenizer(opened)
    assert isinstance(ours, ExactTokenizer)
    assert prompt_ids(ours, TEXT[0], 128) == [1, *exact.encode(TEXT[0])]
    if save is by_trl:
        done = run_ncvc("generate", saved, "--prompt", "症例は", "--max-new-tokens", "3", "--json")
        assert json.loads(done.stdout)["prompt"] == "症例は"
