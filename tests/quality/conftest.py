"""Documents with labels by a stated rule, a labeller behind an address, and embeddings of a tiny model."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ncvc.demo.stand_in import stand_ins
from ncvc.evaluate.models import find_models
from ncvc.quality.documents import find_inputs
from ncvc.quality.embed import Embedding, embed
from ncvc.quality.label import Labelling, label
from tests.hf.conftest import save_model
from tests.rows import write_lines

GOOD = [
    "肺炎の患者に抗菌薬を投与し、発熱と咳嗽が改善するまで入院で経過を観察した。",
    "高血圧の治療では食塩の制限と適度な運動が重要であり、薬物療法はその後に検討する。",
    "心電図と胸部単純写真に異常を認めず、二日後に症状が消失したため退院となった。",
]
BAD = ["買って良かった!", "続きはこちら☆", "楽しいね〜笑", "ランキング上位", "今すぐ登録♪", "送料無料"]


def write_documents(path: Path, count: int, seed: int = 0) -> list[str]:
    """Writes and returns documents that are all different, half of them of each kind."""
    draw = random.Random(seed)
    texts = []
    for number in range(count):
        parts = draw.choices(GOOD, k=4) if number % 2 else [part + "\n" for part in draw.choices(BAD, k=4)]
        texts.append(f"第{number}▁項。{''.join(parts)}".rstrip("\n"))
    write_lines(path, ({"text": text} for text in texts))
    return texts


@pytest.fixture
def address() -> Iterator[str]:
    """The stand-in labeller's address, in this process."""
    with stand_ins() as found:
        yield found


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quality") / "text.jsonl"
    write_documents(path, 120)
    return path


@pytest.fixture
def labels(corpus_file: Path, address: str, tmp_path: Path) -> Path:
    """A folder of labels of all documents."""
    out = tmp_path / "labels"
    label(Labelling(find_inputs([str(corpus_file)]), find_models([f"{address}#rule"])), out)
    return out


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model("llama", tmp_path_factory.mktemp("embedder"))


@pytest.fixture(scope="session")
def embeddings(corpus_file: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("embeddings") / "out"
    embed(Embedding(find_inputs([str(corpus_file)]), find_models([str(model_folder)])[0]), out)
    return out
