"""Tiny bases that the tests share: one of ncvc, with its exact tokenizer, and stock ones; and conversations."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ncvc.progress import Reporter
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.tune.config import TuneConfig

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def own_base(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the papers' architecture with the tokenizer of the synthetic text, converted."""
    from ncvc.convert.export import to_huggingface
    from tests.drawn import small_model, write_drawn

    folder = tmp_path_factory.mktemp("base")
    model = small_model(num_layers=2, hidden_size=48, ffn_hidden_size=96, max_position_embeddings=128)

    def draw(_: str, noise: torch.Tensor) -> torch.Tensor:
        return 1 + 0.1 * noise if noise.dim() == 1 else 0.08 * noise

    checkpoint = write_drawn(folder / "step_00000003", model, draw, seed=1, step=3, tokens_seen=300)
    to_huggingface(checkpoint, folder / "hf", tokenizer=tokenizer_folder)
    return folder / "hf"


def stock_base(folder: Path, kind: str) -> Path:
    """A random model of a stock class with a byte-level tokenizer of its own; `qwen` has a chat template."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    end = "<|im_end|>" if kind == "qwen" else "<|endoftext|>"
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=[end, "<|im_start|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    pieces.train_from_iterator(["質問 回答 肺炎"], trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token=end, pad_token=end)
    if kind == "qwen":
        tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    name, more = {
        "neox": ("GPTNeoX", {}),
        "llama": ("Llama", {"num_key_value_heads": 2}),
        "qwen": ("Qwen2", {"num_key_value_heads": 2, "tie_word_embeddings": True}),
    }[kind]
    config = getattr(transformers, f"{name}Config")(
        vocab_size=len(tokenizer) + 3,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=0,
        **more,
    )
    torch.manual_seed(0)
    getattr(transformers, f"{name}ForCausalLM")(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that makes a stock base of a kind, once."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            made[kind] = stock_base(tmp_path_factory.mktemp("stock") / kind, kind)
        return made[kind]

    return make


def conversations(count: int = 64, *, short: bool = False) -> list[dict[str, Any]]:
    """Questions with random letters as answers: nothing but the question tells them."""
    letters = random.Random(0)
    diseases = ["肺炎", "高血圧", "糖尿病", "喘息", "胃潰瘍", "貧血", "脳梗塞", "心不全"]
    asked = ["治療", "検査", "症状", "合併症", "予後", "原因", "診断", "経過"]
    rows = []
    for number in range(count):
        disease, what = diseases[number % 8], asked[number // 8 % 8]
        turns = [
            {"role": "system", "content": "記号だけで答えてください。"},
            {"role": "user", "content": f"質問: {disease}の{what}はどれか。\n選択肢:\nA. ア\nB. イ\n"},
            {"role": "assistant", "content": letters.choice("ABCDE")},
        ]
        if short:
            turns = [{"role": "user", "content": f"{disease}の{what}"}, turns[-1]]
        rows.append({"messages": turns, "task": "first" if number % 2 else "second"})
    return rows


def write_rows(path: Path, rows: list[Any]) -> Path:
    """Writes one JSON object a line; text goes as it is."""
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def make_config(own_base: Path, tmp_path: Path) -> Callable[..., TuneConfig]:
    """A function that makes a config of six small steps; `section={…}` changes fields."""

    def make(name: str = "run", *, rows: list[Any] | None = None, **changes: Any) -> TuneConfig:
        train = write_rows(tmp_path / f"{name}.jsonl", conversations() if rows is None else rows)
        values: dict[str, Any] = {
            "run": str(tmp_path / name),
            "base": str(own_base),
            "output": str(tmp_path / f"{name}-out"),
            "output_dtype": "float32",
            "data": {"train": [str(train)], "max_length": 96},
            "optimizer": {"lr": 0.003},
            "schedule": {"train_iters": 6, "global_batch_size": 8, "micro_batch_size": 4, "lr_warmup_iters": 2},
            "compute": {"dtype": "float32"},
            "logging": {"tensorboard": False},
        }
        for section, fields in changes.items():
            known = values.get(section)
            values[section] = {**known, **fields} if isinstance(known, dict) else fields
        return TuneConfig.model_validate(values)

    return make


class StopAfter(StopRequest):
    """A request to stop that comes in a given step."""

    def __init__(self, step: int) -> None:
        self.step, self.asked = step, 0

    @property
    def made(self) -> bool:  # type: ignore[override]
        """Each step asks once."""
        self.asked += 1
        return self.asked >= self.step

    @made.setter
    def made(self, _: bool) -> None:
        pass


def run_tuning(config: TuneConfig, *, stop_after: int | None = None, reporter: Reporter | None = None) -> bool:
    """Tunes in this process, as the command does."""
    from ncvc.tune.prepare import prepare
    from ncvc.tune.run import require_places, tune

    require_places(config)
    stop = StopRequest() if stop_after is None else StopAfter(stop_after)
    return tune(config, prepare(config), stop, reporter or Reporter())


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a folder's safetensors files."""
    from safetensors.torch import load_file

    return {name: part for path in sorted(folder.glob("model*.safetensors")) for name, part in load_file(path).items()}
