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

ROOT = Path(__file__).parents[1]

# A shell starts background jobs with SIGINT ignored, and children inherit that; some tests press Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
