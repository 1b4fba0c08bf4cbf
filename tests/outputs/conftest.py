"""Everything that ncvc makes, once and small, by its own commands; and a sandbox for each case."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ncvc._native import allowed_characters
from tests.outputs.sandbox import Sandbox

VOCABULARY = len(allowed_characters()) + 5  # and the special pieces
TEXTS = ["症例は60歳、男性。発熱あり。", "退院後は外来で経過をみる。", "体温は37.8度、白血球は12300。"]
BASE = {
    "lex.csv": "患者,0,0,100,名詞,一般,*\n発熱,0,0,100,名詞,一般,*\n",
    "matrix.def": "1 1\n0 0 0\n",
    "char.def": "DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 SPACE\n",
    "unk.def": "DEFAULT,0,0,1000,名詞,一般,*\nSPACE,0,0,1000,記号,空白,*\n",
}
MODEL = {
    "num_layers": 1,
    "hidden_size": 8,
    "ffn_hidden_size": 16,
    "num_attention_heads": 2,
    "num_query_groups": 1,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 64,
}
TRAIN = {
    "run": "out",
    "model": MODEL,
    "data": {"prefixes": ["tokens/corpus"], "tokenizer": "tokenizer", "sequence_length": 16},
    "optimizer": {"lr": 0.01},
    "schedule": {"train_iters": 2, "lr_warmup_iters": 1, "global_batch_size": 2, "micro_batch_size": 2},
    "checkpoints": {"save_interval": 1, "keep_last": 1},
    "compute": {"dtype": "float32"},
    "logging": {"tensorboard": False},
    "parallel": {"nproc_per_node": 1},
}
WRITE_CHECKPOINT = f"""
import torch
from pathlib import Path
from ncvc.convert import mapping
from ncvc.checkpoint.format import write_weights
from ncvc.model.config import ModelConfig
model = ModelConfig(**{MODEL})
weights = ((row.megatron, torch.zeros(mapping.megatron_shape(row, model))) for row in mapping.weights(model))
write_weights(Path("checkpoint"), model, weights, step=7, tokens_seen=7)
"""


class Materials:
    """Makes each thing when it is asked for the first time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.makers: dict[str, Callable[[], object]] = {
            "raw": self._raw,
            "base": self._base,
            "dictionary.dic": lambda: self._ncvc("dictionary", "build", "dictionary.dic", "--base", "base"),
            "tokenizer": lambda: self._ncvc(*self._tokenizer("tokenizer")),
            "tokenizer2": lambda: self._ncvc(*self._tokenizer("tokenizer2")),
            "tokens": lambda: self._preprocess("tokens"),
            "text": lambda: self._preprocess("text", "--to", "text"),
            "tokens.sample": lambda: self._preprocess("tokens", "--sample", "2"),
            "checkpoint": lambda: self._python("-c", WRITE_CHECKPOINT),
            "model": lambda: self._ncvc("convert", "checkpoint", "model", "--to", "hf", "--tokenizer", "tokenizer"),
            "run": lambda: self._ncvc("train", self._config("train.yaml", {**TRAIN, "run": "run"})),
            "drawn": self._drawn,
            "begun-demo": self._demo,
            "loss.png": lambda: self._ncvc("train", "plot", "drawn", "-o", "loss.png"),
            "loss.html": lambda: self._ncvc("train", "plot", "drawn", "-o", "loss.html"),
            "run.sbatch": self._slurm,
        }
        self.needs = {
            "dictionary.dic": ["base"],
            "tokenizer": ["raw", "dictionary.dic"],
            "tokenizer2": ["raw", "dictionary.dic"],
            "tokens": ["tokenizer"],
            "text": ["tokenizer"],
            "tokens.sample": ["tokenizer"],
            "model": ["checkpoint", "tokenizer"],
            "run": ["tokens"],
            "loss.png": ["drawn"],
            "loss.html": ["drawn"],
        }

    def make(self, *names: str) -> None:
        """Makes what is not there yet, and what it is made from."""
        for name in names:
            self.make(*self.needs.get(name, []))
            if not (self.folder / name).exists():
                self.makers[name]()

    def _python(self, *words: str) -> None:
        done = subprocess.run([sys.executable, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _ncvc(self, *words: str) -> None:
        self._python("-m", "ncvc", *words)

    def _config(self, name: str, values: object) -> str:
        (self.folder / name).write_text(json.dumps(values))
        return name

    @staticmethod
    def _tokenizer(output: str) -> list[str]:
        options = ["--dictionary", "dictionary.dic", "--vocab-size", str(VOCABULARY)]
        return ["tokenizer", "train", output, "raw", *options]

    def _preprocess(self, output: str, *options: str) -> None:
        sources = [{"name": "corpus", "inputs": ["raw"]}]
        values = {"sources": sources, "tokenizer": "tokenizer", "output": output}
        values["duplicates"] = {"documents": False, "sentences": False}
        self._ncvc("preprocess", self._config("preprocess.yaml", values), *options)

    def _raw(self) -> None:
        lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXTS * 20)
        for path in (self.folder / "raw/a.jsonl", self.folder / "raw/sub/b.jsonl"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(lines)

    def _base(self) -> None:
        (self.folder / "base").mkdir()
        for name, text in BASE.items():
            (self.folder / "base" / name).write_text(text)

    def _drawn(self) -> None:
        """The log of a run, which is all that `train plot` reads, and what other commands made of it."""
        folder = self.folder / "drawn"
        folder.mkdir()
        numbers = {"lr": 0.1, "grad_norm": 1.5, "seconds": 2.0, "tokens_per_second": 500.0}
        steps = [{"step": n, "tokens": 1000 * n, "loss": 10.0 - n, **numbers} for n in range(1, 5)]
        (folder / "log.jsonl").write_text("".join(json.dumps(step) + "\n" for step in steps))

    def _slurm(self) -> None:
        self._ncvc("train", "run", self._config("slurm.yaml", TRAIN), "--write-slurm", "run.sbatch")

    def _demo(self) -> None:
        """What a demo leaves that was killed at its second step."""
        command = [sys.executable, "-u", "-m", "ncvc", "demo", "begun-demo"]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "dictionary build" in line)
            os.killpg(process.pid, signal.SIGKILL)
        for path in (self.folder / "begun-demo").glob(".dictionary*"):
            path.unlink()


@pytest.fixture(scope="session")
def materials(tmp_path_factory: pytest.TempPathFactory) -> Materials:
    return Materials(tmp_path_factory.mktemp("materials"))


@pytest.fixture
def box(materials: Materials, tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "box", materials.folder, materials.make)
    yield made
    shutil.rmtree(made.root, ignore_errors=True)
