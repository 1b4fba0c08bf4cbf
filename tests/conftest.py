"""What several stages' tests need: a dictionary, a tokenizer, and the shared corpora where they are there."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ipadic
import pytest

import ncvc
from ncvc.progress import Reporter

ROOT = Path(__file__).parents[1]
SLOW = pytest.mark.skipif("NCVC_SLOW" not in os.environ, reason="slow: make test-all, or set NCVC_SLOW=1")
"""Mark of tests of rare faults and whole corpora, of whose kind a faster one always runs."""

# A shell starts background jobs with SIGINT ignored, and children inherit that; some tests press Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Recorder(Reporter):
    """Keeps the lines that it hears."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def say(self, line: str) -> None:
        assert "\n" not in line
        self.lines.append(line)


def run_ncvc(*arguments: object, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs the real command."""
    command = [sys.executable, "-m", "ncvc", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not ok or done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real text that is not part of the repository."""
    folder = Path(os.environ.get("NCVC_SHARED", ROOT.parent / "shared"))
    if not (folder / "data/corpora").is_dir():
        pytest.skip("the shared corpora are not here (NCVC_SHARED names their folder)")
    return folder / "data"


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ipadic as one file."""
    path = tmp_path_factory.mktemp("dictionary") / "ipadic"
    ncvc.build_dictionary(path, base=ipadic.DICDIR, base_name="ipadic")
    return path


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's synthetic text as JSON lines."""
    from ncvc.demo.text import documents

    path = tmp_path_factory.mktemp("corpus") / "text.jsonl"
    lines = (json.dumps(document, ensure_ascii=False) + "\n" for document in documents(seed=1))
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tokenizer_folder(dictionary: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer trained on the synthetic text."""
    folder = tmp_path_factory.mktemp("tokenizer") / "tokenizer"
    run_ncvc("tokenizer", "train", folder, corpus, "--dictionary", dictionary, "--vocab-size", 12000)
    return folder


@pytest.fixture(scope="session")
def lines(corpus: Path) -> list[str]:
    """Texts of the synthetic corpus."""

    def texts() -> Iterator[str]:
        for line in corpus.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]

    return list(texts())


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A folder with the dataset `corpus` and a `tokenizer` folder's manifest."""
    from tests.small_training import VOCABULARY, made_up_documents, write_dataset

    folder = tmp_path_factory.mktemp("material")
    write_dataset(folder / "corpus", made_up_documents())
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "manifest.json").write_text(json.dumps({"vocab_size": VOCABULARY}))
    return folder


@pytest.fixture
def make_config(material, tmp_path):
    """A function that makes a config of the small model; `section={…}` changes fields."""
    from ncvc.train.config import TrainConfig
    from tests.small_training import SMALL

    def make(run="run", **changes):
        values = {
            "run": str(tmp_path / run),
            "seed": 5,
            "model": SMALL,
            "data": {
                "prefixes": [str(material / "corpus")],
                "tokenizer": str(material / "tokenizer"),
                "sequence_length": 16,
            },
            "optimizer": {"lr": 0.01},
            "schedule": {
                "train_iters": 6,
                "lr_warmup_iters": 2,
                "global_batch_size": 8,
                "micro_batch_size": 2,
            },
            "checkpoints": {"save_interval": 100, "keep_last": 1000},
            "compute": {"dtype": "float32"},
            "logging": {"tensorboard": False},
        }
        for section, fields in changes.items():
            if isinstance(fields, dict):
                values[section] = {**values.get(section, {}), **fields}
            else:
                values[section] = fields
        return TrainConfig.model_validate(values)

    return make


@pytest.fixture(scope="session")
def pair():
    """Two ranks that stay up for all tests."""
    from tests.small_training import Pair

    processes = Pair()
    yield processes
    processes.close()
