"""The tokenizer against SentencePiece, MeCab and its own inverse."""

import json
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fugashi
import ipadic
import numpy as np
import pytest
import sentencepiece
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

import ncvc
from ncvc._native import allowed_characters
from tests.conftest import run_ncvc


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> ncvc.Tokenizer:
    return ncvc.Tokenizer.load(tokenizer_folder)


@pytest.fixture(scope="session")
def reference(tokenizer_folder: Path) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))


def test_the_special_pieces_come_first(
    tokenizer: ncvc.Tokenizer, reference: sentencepiece.SentencePieceProcessor
) -> None:
    special = ["<unk>", "<|begin_of_text|>", "<|end_of_text|>", "\n"]
    assert [tokenizer.id_to_piece(i) for i in range(4)] == special
    assert [reference.id_to_piece(i) for i in range(4)] == special
    assert (tokenizer.unk_id, tokenizer.bos_id, tokenizer.eos_id) == (0, 1, 2)
    assert tokenizer.vocab_size == reference.get_piece_size() == 12000
    assert tokenizer.id_to_piece(12000) is None
    assert tokenizer.piece_to_id("\n") == 3


def test_every_allowed_character_is_a_piece(reference: sentencepiece.SentencePieceProcessor) -> None:
    pieces = {reference.id_to_piece(i) for i in range(reference.get_piece_size())}
    assert set(allowed_characters()) | {"▁", "\n"} <= pieces


def test_special_pieces_in_text_are_text(tokenizer: ncvc.Tokenizer) -> None:
    assert not {0, 1, 2} & set(tokenizer.encode("<unk><|begin_of_text|><|end_of_text|>"))


def test_single_calls_of_many_threads_give_what_one_batch_gives(tokenizer: ncvc.Tokenizer, lines: list[str]) -> None:
    texts = [*lines[:200], "\n".join(lines[200:600])]  # the last is longer than what waiting workers take
    expected = (tokenizer.encode_batch(texts), tokenizer.split_batch(texts), tokenizer.analyzer.split_batch(texts))
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            calls = (tokenizer.encode, tokenizer.split, tokenizer.analyzer.split)
            assert tuple(list(pool.map(call, texts)) for call in calls) == expected


def test_ids_equal_sentencepiece_morpheme_by_morpheme(
    tokenizer: ncvc.Tokenizer, reference: sentencepiece.SentencePieceProcessor, lines: list[str]
) -> None:
    for text, morphemes, ids in zip(lines, tokenizer.split_batch(lines), tokenizer.encode_batch(lines), strict=True):
        assert "".join(morphemes) == ncvc.clean(text)
        assert ids == [i for morpheme in morphemes for i in reference.encode(morpheme)]


def test_morphemes_equal_mecab(tokenizer: ncvc.Tokenizer, lines: list[str]) -> None:
    mecab = fugashi.GenericTagger(ipadic.MECAB_ARGS + " -Owakati")
    compared = 0
    for text, morphemes in zip(lines, tokenizer.split_batch(lines), strict=True):
        words = [[]]
        for morpheme in morphemes:
            if morpheme == "\n":
                words.append([])
            elif morpheme != "▁":
                words[-1].append(morpheme)
        for line, ours in zip(ncvc.clean(text).split("\n"), words, strict=True):
            assert ours == mecab.parse(line.replace("▁", " ")).split()
            compared += 1
    assert compared > 1000


@given(st.text(max_size=60) | st.text(st.sampled_from("高血圧症の 　▁\n\t𠮟か\u309aｶﾞABC-ー09.。ⅱ😀"), max_size=40))
@settings(max_examples=1500, deadline=None)
@example("か\u309a")
@example("\n\n")
@example("")
def test_decoding_is_the_inverse_of_encoding(tokenizer: ncvc.Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == ncvc.clean(text) == "".join(tokenizer.split(text))
    assert "".join(tokenizer.pieces(text)) == ncvc.clean(text)
    assert 0 not in ids


def test_white_space_is_a_morpheme_of_its_own(tokenizer: ncvc.Tokenizer) -> None:
    morphemes = tokenizer.split("「 ( a　b )  」\n 終わり")
    assert [m for m in morphemes if "▁" in m or "\n" in m] == ["▁", "▁", "▁", "▁", "▁", "\n"]


def test_batches_equal_single_calls(tokenizer: ncvc.Tokenizer, lines: list[str]) -> None:
    some = lines[:300]
    assert tokenizer.encode_batch(some) == [tokenizer.encode(text) for text in some]
    assert tokenizer.pieces_batch(some) == [tokenizer.pieces(text) for text in some]
    assert tokenizer.decode_batch(tokenizer.encode_batch(some)) == ncvc.clean_batch(some)


def test_analysed_text_gets_the_same_ids(tokenizer: ncvc.Tokenizer, lines: list[str]) -> None:
    analysed = ["\u001f".join(morphemes) for morphemes in tokenizer.split_batch(lines)]
    assert tokenizer.encode_morphemes_batch(analysed) == tokenizer.encode_batch(lines)


@pytest.mark.parametrize("wrong", [-1, 12000, 2**32, 2**70, 1.0, "1", None, [1]])
def test_what_is_no_id_is_a_value_error(tokenizer: ncvc.Tokenizer, wrong: Any) -> None:
    for decode in (lambda: tokenizer.decode([1, wrong]), lambda: tokenizer.decode_batch([[1], [wrong]])):
        with pytest.raises(ValueError, match="is no token id: ids are integers from 0 to 11999"):
            decode()


def test_ids_may_be_numpys(tokenizer: ncvc.Tokenizer) -> None:
    ids = tokenizer.encode("高血圧症")
    assert tokenizer.decode(np.array(ids, np.uint16)) == tokenizer.decode(ids) == "高血圧症"  # type: ignore[arg-type]
    assert tokenizer.id_to_piece(-1) is tokenizer.id_to_piece(12000) is tokenizer.id_to_piece(2**70) is None


def test_training_gives_the_same_bytes_again(
    tokenizer_folder: Path, dictionary: Path, corpus: Path, tmp_path: Path
) -> None:
    run_ncvc(
        "tokenizer",
        "train",
        tmp_path / "again",
        corpus,
        "--dictionary",
        dictionary,
        "--vocab-size",
        12000,
        "--threads",
        1,
    )
    for name in ("tokenizer.model", "cleaning.json", "dictionary"):
        assert (tmp_path / "again" / name).read_bytes() == (tokenizer_folder / name).read_bytes()


@pytest.mark.parametrize(("size", "message"), [(5000, "choose at least"), (10_000_000, "does not hold")])
def test_an_impossible_vocabulary_is_one_sentence(
    size: int, message: str, dictionary: Path, corpus: Path, tmp_path: Path
) -> None:
    done = run_ncvc(
        "tokenizer",
        "train",
        tmp_path / "t",
        corpus,
        "--dictionary",
        dictionary,
        "--vocab-size",
        size,
        ok=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.splitlines()[-1].startswith("ncvc: ")
    assert list(tmp_path.iterdir()) == []


def test_the_largest_vocabulary_that_is_named_can_be_trained(dictionary: Path, tmp_path: Path) -> None:
    (tmp_path / "small.jsonl").write_text(json.dumps({"text": "高血圧症の治療を続ける。"}) + "\n", encoding="utf-8")
    command = ["tokenizer", "train", tmp_path / "out", tmp_path / "small.jsonl", "--dictionary", dictionary]
    refused = run_ncvc(*command, "--vocab-size", 13312, ok=False)
    largest = refused.stderr.rsplit("a vocabulary of at most ", 1)[-1].strip()
    run_ncvc(*command, "--vocab-size", largest)


@pytest.mark.parametrize("name", ["記録.csv", "that's one.csv"])
def test_a_table_is_refused_with_a_line_that_writes_its_text(
    name: str, dictionary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("番号,経過\n1,患者氏名：山田太郎　体温３７．８℃で咳が続いている。\n", encoding="cp932")
    command = ["tokenizer", "train", "out", name, "--dictionary", dictionary, "--text-field", "経過"]
    refused = run_ncvc(*command, ok=False)
    line = refused.stderr.strip().partition("extracted/text.jsonl.zst: ")[2]
    ours = f'ncvc() {{ {shlex.quote(sys.executable)} -m ncvc "$@"; }}\n'
    subprocess.run(["bash", "-c", ours + line], check=True, capture_output=True)
    with zstandard.open("extracted/text.jsonl.zst") as file:
        assert json.load(file)["text"] == "体温37.8℃で咳が続いている。"


def test_a_folder_that_is_no_tokenizer_is_refused(tokenizer_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cleaning\.json"):
        ncvc.Tokenizer.load(tmp_path)
    folder = tmp_path / "tokenizer"
    shutil.copytree(tokenizer_folder, folder)
    (folder / "cleaning.json").write_text(json.dumps({"version": 999}))
    with pytest.raises(ncvc.TokenizerError, match="cleaning rules 999"):
        ncvc.Tokenizer.load(folder)
    shutil.copy(tokenizer_folder / "cleaning.json", folder)
    model = (folder / "tokenizer.model").read_bytes()
    (folder / "tokenizer.model").write_bytes(model[: len(model) // 2])
    with pytest.raises(ncvc.TokenizerError, match="damaged"):
        ncvc.Tokenizer.load(folder)


def test_a_folder_that_is_not_as_its_manifest_says_is_refused(tokenizer_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tokenizer"
    shutil.copytree(tokenizer_folder, folder)
    for name in ("tokenizer.model", "dictionary", "cleaning.json"):
        whole = (folder / name).read_bytes()
        changed = bytearray(whole)
        # A bit of a score, of a base's row, and of white space: nothing else would notice the first and the last.
        changed[-2 if name == "cleaning.json" else len(whole) // 2] ^= 1 if name != "cleaning.json" else 2
        (folder / name).write_bytes(changed)
        with pytest.raises(ncvc.NcvcError, match=name):
            ncvc.Tokenizer.load(folder)
        (folder / name).write_bytes(whole)
    ncvc.Tokenizer.load(folder)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ncvc.TokenizerError, match=r"manifest\.json: damaged"):
        ncvc.Tokenizer.load(folder)


def test_a_model_without_an_allowed_character_is_refused(tokenizer_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tokenizer"
    shutil.copytree(tokenizer_folder, folder)
    (folder / "manifest.json").unlink()
    ncvc.Tokenizer.load(folder)
    model = (folder / "tokenizer.model").read_bytes()
    piece = b"\x0a\x03" + "鷗".encode()  # the first field of its message: a string of three bytes
    assert model.count(piece) == 1
    (folder / "tokenizer.model").write_bytes(model.replace(piece, b"\x0a\x03" + "\ue000".encode()))
    with pytest.raises(ncvc.TokenizerError, match=r"lacks 1 of the characters that cleaned text may hold, .*鷗"):
        ncvc.Tokenizer.load(folder)


def test_shared_corpora(
    shared: Path, tokenizer: ncvc.Tokenizer, reference: sentencepiece.SentencePieceProcessor
) -> None:
    for name in ("medical_ja", "noisy_web"):
        packed = subprocess.run(["zstdcat", shared / f"corpora/{name}.jsonl.zst"], capture_output=True, check=True)
        texts = [json.loads(line)["text"] for line in packed.stdout.splitlines()]
        cleaned = ncvc.clean_batch(texts)
        ids = tokenizer.encode_batch(texts)
        assert ncvc.clean_batch(cleaned) == cleaned
        assert tokenizer.decode_batch(ids) == cleaned
        for morphemes, found in zip(tokenizer.split_batch(texts), ids, strict=True):
            assert found == [i for encoded in reference.encode(morphemes) for i in encoded]
