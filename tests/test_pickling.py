"""Analysers and tokenizers go to spawned workers by their path; Ctrl-C stops a batch."""

import copy
import multiprocessing
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ncvc

TEXT = "高血圧症の治療"


def split(analyzer: ncvc.Analyzer) -> list[str]:
    return analyzer.split(TEXT)


def encode(tokenizer: ncvc.Tokenizer) -> list[int]:
    return tokenizer.encode(TEXT)


def test_workers_open_them_again(dictionary: Path, tokenizer_folder: Path) -> None:
    analyzer, tokenizer = ncvc.Analyzer.load(dictionary), ncvc.Tokenizer.load(tokenizer_folder)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(split, [analyzer, tokenizer.analyzer]) == [split(analyzer), split(tokenizer.analyzer)]
        assert pool.map(encode, [tokenizer]) == [encode(tokenizer)]
    assert copy.deepcopy(analyzer) is copy.copy(analyzer) is analyzer
    assert copy.deepcopy(tokenizer) is tokenizer


def test_a_relative_path_stays_the_file(dictionary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(dictionary, tmp_path / "d")
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(ncvc.Analyzer.load("d", "vibrato"))
    monkeypatch.chdir("/")
    assert split(pickle.loads(pickled)) == split(ncvc.Analyzer.load(dictionary))


def test_a_changed_file_is_noticed(
    dictionary: Path, tokenizer_folder: Path, tmp_path: Path, dictionary_with_terms: Path
) -> None:
    shutil.copyfile(dictionary, tmp_path / "d")
    analyzer = pickle.dumps(ncvc.Analyzer.load(tmp_path / "d"))
    shutil.copyfile(dictionary_with_terms, tmp_path / "d")
    with pytest.raises(ncvc.DictionaryError, match="changed since the analyser was pickled"):
        pickle.loads(analyzer)
    folder = shutil.copytree(tokenizer_folder, tmp_path / "tokenizer")
    tokenizer = pickle.dumps(ncvc.Tokenizer.load(folder))
    (folder / "manifest.json").unlink()
    shutil.copyfile(dictionary_with_terms, folder / "dictionary")
    with pytest.raises(ncvc.TokenizerError, match="changed since the tokenizer was pickled"):
        pickle.loads(tokenizer)


@pytest.fixture(scope="module")
def dictionary_with_terms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from ncvc.dictionary import find_base

    folder = tmp_path_factory.mktemp("terms")
    (folder / "terms.csv").write_text("本態性高血圧症\n", encoding="utf-8")
    base = find_base("ipadic")
    ncvc.build_dictionary(folder / "dictionary", base=base.folder, base_name=base.name, terms=[folder / "terms.csv"])
    return folder / "dictionary"


BATCH = """
import sys, ncvc
dictionary, tokenizer, batch = sys.argv[1:]
if batch == "split":
    work = ncvc.Analyzer.load(dictionary).split_batch
elif batch == "encode":
    work = ncvc.Tokenizer.load(tokenizer).encode_batch
else:
    work = ncvc.clean_batch
texts = ["血圧は１２０／８０、経過良好。" * 200] * 100_000
print("begins", flush=True)
try:
    work(texts)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("batch", ["split", "encode", "clean"])
def test_ctrl_c_stops_a_batch(dictionary: Path, tokenizer_folder: Path, batch: str) -> None:
    command = [sys.executable, "-c", BATCH, str(dictionary), str(tokenizer_folder), batch]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert process.communicate(timeout=60)[0] == "interrupted\n"
    assert time.monotonic() - begun < 10
