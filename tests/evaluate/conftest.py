"""Tiny random models with room for a question, and prepared made-up benchmarks."""

from pathlib import Path

import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM

from ncvc.data import SUITES
from ncvc.data.prepare import prepare_igakuqa, prepare_jmed_llm
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.models import find_models
from ncvc.evaluate.plan import Plan, read_suites
from ncvc.evaluate.run import evaluate
from tests.benchmarks import write_igakuqa, write_jmed_llm
from tests.hf.conftest import SIZES, stock_tokenizer

LENGTH = 2048
TEMPLATE = (
    "{% for message in messages %}{{ '<s>' + message['role'] + '\\n' + message['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<s>assistant\\n' }}{% endif %}"
)


def write_model(folder: Path, *, seed: int = 0, neox: bool = False, template: str | None = None) -> Path:
    """Writes a random model of two layers as stock transformers saves it."""
    torch.manual_seed(seed)
    sizes = SIZES | {"max_position_embeddings": LENGTH}
    model = (
        GPTNeoXForCausalLM(GPTNeoXConfig(**sizes))
        if neox
        else LlamaForCausalLM(LlamaConfig(**sizes, num_key_value_heads=2))
    )
    model.save_pretrained(folder)
    tokenizer = stock_tokenizer()
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "plain")


@pytest.fixture(scope="session")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "chat", seed=1, neox=True, template=TEMPLATE)


@pytest.fixture(scope="session")
def benchmarks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both benchmarks, prepared."""
    folder = tmp_path_factory.mktemp("benchmarks")
    prepare_jmed_llm(write_jmed_llm(folder / "in/jmed"), folder / "out/jmed-llm")
    prepare_igakuqa(write_igakuqa(folder / "in/igakuqa"), folder / "out/igakuqa")
    return folder / "out"


@pytest.fixture(scope="session")
def evaluated(plain_model: Path, chat_model: Path, benchmarks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an evaluation of both models on both benchmarks."""
    out = tmp_path_factory.mktemp("evaluated") / "out"
    evaluate(plan_of([plain_model, chat_model], benchmarks), out)
    return out


def plan_of(
    models: list[object], data: Path, *, limit: int | None = None, likelihood: str = "texts", **settings: object
) -> Plan:
    """A short evaluation of models on both benchmarks."""
    chosen = Settings(**{"max_new_tokens": 12} | settings)
    return Plan(
        find_models(list(map(str, models))), read_suites(SUITES, [data], limit=limit), chosen, likelihood, limit
    )
