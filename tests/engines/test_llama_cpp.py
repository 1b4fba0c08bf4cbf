"""llama.cpp's engine, against the same weights in transformers."""

import random
from pathlib import Path

import pytest
import torch

from ncvc.convert.gguf import FORMATS
from ncvc.convert.gguf_folder import to_gguf
from ncvc.engines.base import finish
from ncvc.engines.gguf_header import read_header
from ncvc.errors import ModelFolderError
from ncvc.hf.load import load_model
from ncvc.hf.row import Row, Sampling
from ncvc.hf.tokenizer import ExactTokenizer
from tests.convert.test_generate import Characters

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

SEEDED = random.Random(3)
PROMPTS = [[2, *SEEDED.choices(range(3, 500), k=SEEDED.randint(1, 40))] for _ in range(9)]


@pytest.fixture(scope="module")
def folders(checkpoint: Path, pieces_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a GGUF file's folder for each format."""
    folder = tmp_path_factory.mktemp("gguf")
    for dtype in FORMATS:
        to_gguf(checkpoint, folder / dtype, tokenizer=pieces_folder, dtype=dtype)
    return folder


@pytest.fixture(scope="module")
def path(folders: Path) -> Path:
    return folders / "float32/model-float32.gguf"


@pytest.fixture(scope="module")
def tokenizer() -> ExactTokenizer:
    return ExactTokenizer(Characters(), 2)


@pytest.fixture
def engine(path: Path, tokenizer: ExactTokenizer):
    from ncvc.engines.llama_cpp import LlamaCppEngine

    return LlamaCppEngine(path, tokenizer, read_header(path), 3)


def rows(tokenizer: ExactTokenizer, **sampling: object) -> list[Row]:
    settings = Sampling(**{"temperature": 0, "max_new_tokens": 15, **sampling})
    return [Row(tokenizer, ids, settings, max_tokens=96) for ids in PROMPTS]


def test_greedy_tokens_are_those_of_transformers(engine, tokenizer, converted: Path) -> None:
    model = load_model(converted)
    made = list(finish(engine, rows(tokenizer)))
    differ = 0
    for row in made:
        ids = row.ids[: row.prompt_length]
        with torch.inference_mode():
            while len(ids) < len(row.ids):
                logits = model(torch.tensor([ids])).logits[0, -1]
                best = logits.topk(2).values
                if int(logits.argmax()) != row.ids[len(ids)]:
                    differ += 1
                    # The cache holds float16: only a near tie may fall the other way.
                    assert best[0] - best[1] < 0.02 * best[0].abs()
                ids.append(row.ids[len(ids)])
    assert differ <= 2


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_row_gets_what_it_gets_alone(folders: Path, tokenizer: ExactTokenizer, dtype: str) -> None:
    from ncvc.engines.llama_cpp import CLOSE, LlamaCppEngine

    path = folders / dtype / f"model-{dtype}.gguf"
    assert (read_header(path).file_type in CLOSE) == (dtype != "q8_0")
    engine = LlamaCppEngine(path, tokenizer, read_header(path), 4)
    for temperature in (0, 1):
        together = [row.ids for row in finish(engine, rows(tokenizer, temperature=temperature, seed=4))]
        alone = [next(finish(engine, [row])).ids for row in rows(tokenizer, temperature=temperature, seed=4)]
        assert together == alone


def test_log_probabilities_are_those_of_transformers(engine, tokenizer, converted: Path) -> None:
    model = load_model(converted)
    for row in finish(engine, rows(tokenizer, max_new_tokens=3, logprobs=2, prompt_logprobs=1)):
        with torch.inference_mode():
            expected = model(torch.tensor([row.ids])).logits[0, :-1].log_softmax(1)
        found = [*row.prompt_logprobs, *row.logprobs]
        for entry, token, logprobs in zip(found, row.ids[1:], expected, strict=True):
            assert entry.logprob == pytest.approx(logprobs[token].item(), abs=0.05)


def test_embeddings_are_means_of_length_one(engine, converted: Path) -> None:
    model = load_model(converted)
    for vector, ids in zip(engine.embed(PROMPTS[:3]), PROMPTS, strict=False):
        with torch.inference_mode():
            mean = model.base_model(torch.tensor([ids])).last_hidden_state[0].mean(0)
        assert vector == pytest.approx((mean / mean.norm()).tolist(), abs=5e-3)


def test_cancelled_rows_leave_their_sequence(engine, tokenizer) -> None:
    several = rows(tokenizer)[:3]
    engine.join(several)
    several[1].cancel()
    engine.step()
    assert engine.rows == [several[0], several[2]]
    assert len(engine._free) == 1
    engine.reset()
    assert (engine.rows, len(engine._free)) == ([], 3)
    assert next(finish(engine, [rows(tokenizer)[0]])).finish == "length"


def test_a_damaged_file_is_told(path: Path, tmp_path: Path, tokenizer: ExactTokenizer) -> None:
    from ncvc.engines.llama_cpp import LlamaCppEngine

    cut = tmp_path / "cut.gguf"
    cut.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelFolderError, match=r"llama\.cpp cannot load it"):
        LlamaCppEngine(cut, tokenizer, read_header(cut), 1)
