"""Both engines find the morphemes that MeCab finds, with the same dictionary."""

import io
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fugashi
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

import ncvc
from ncvc.dictionary import find_base
from tests.dictionary import mecab

TERMS = """surface,icd10,standard
急性心筋梗塞,I219,急性心筋梗塞
心筋梗塞後症候群,I241,心筋梗塞後症候群
2型糖尿病,E11,2型糖尿病
"1,25-ジヒドロキシビタミンD欠乏",E559,
低用量アスピリン,,
づまり,,
AC,,
"""

LINES = [
    "",
    " ",
    "   \t ",
    "すもももももももものうち",
    "  前後に空白  が  ある 。 ",
    "全角　空白　と 半角 空白",
    "▁「(▁下線",
    "のんでいてのんでいて",
    "岡惚ともつかない一人のひとを守って",
    "BT 37.8℃, WBC 12,300/μL↑, 2021-03-04〜",
    "急性心筋梗塞の既往がある2型糖尿病の患者に低用量アスピリンを投与した。鼻づまりなし。",
    "𠮷野家で𩸽を食べた😀🏥👨‍👩‍👧",
    "ｶﾞﾊﾟ半角ｶﾅと半濁点か゚が゙",
    "ＡＢＣａｂｃ１２３ABCabc123",
    "（ ゜∀゜ ）と（＊ ゜ 艸゜）",
    "é ñ я Ω 한국어 \u200b\ufeff\u00ad",
    "ア" * 25 + "イ",
    "ア" * 26,
    "a" * 24 + " " + "b" * 25 + " " + "c" * 26,
    "。！？!?",
    "長い行。" * 1000,
]

ALPHABET = [
    *"あいうえおかきくけこはがのにをっゃ",
    *"アイウーカッンコレミ",
    *"漢字学会日本一二三血圧療法急性心筋梗塞",
    *"abcACＡＢ１012.9,",
    " ",
    "  ",
    *"　\t▁。、！？…〜ー－()「」()/",
    *"𠮷𩸽😀🏥",
    *"ｱｲｶﾞﾊﾟ",
    "か\u3099",
    "e\u0301",
    "\u309a",
    *"αβяé℃㎎①々〆〇한\u200b\ufeff",
]


@dataclass
class Trio:
    """A dictionary of ours, for both engines, and the same in MeCab."""

    ours: ncvc.Analyzer
    vibrato: ncvc.Analyzer
    mecabs: fugashi.GenericTagger

    @classmethod
    def load(cls, path: Path, mecabs: fugashi.GenericTagger) -> "Trio":
        return cls(ncvc.Analyzer.load(path), ncvc.Analyzer.load(path, "vibrato"), mecabs)

    def check(self, line: str) -> None:
        expected = mecab.split(self.mecabs, line)
        assert self.ours.split(line) == expected
        assert self.vibrato.split(line) == expected


@pytest.fixture(scope="module", params=["ipadic", "ipadic with terms", "unidic-lite with terms"])
def trio(request: pytest.FixtureRequest, dictionary: Path, tmp_path_factory: pytest.TempPathFactory) -> Trio:
    name, _, with_terms = request.param.partition(" ")
    base = find_base(name)
    if not with_terms:
        return Trio.load(dictionary, mecab.tagger(base.folder))
    folder = tmp_path_factory.mktemp(name)
    (folder / "terms.csv").write_text(TERMS, encoding="utf-8")
    output = folder / "dictionary"
    ncvc.build_dictionary(output, base=base.folder, base_name=name, terms=[folder / "terms.csv"])
    terms = ncvc.Analyzer.load(output).terms
    assert terms.count("\n") == ncvc.Analyzer.load(output).info["terms"] >= 6
    return Trio.load(output, mecab.tagger(base.folder, mecab.compile_user(base.folder, terms, folder / "user.dic")))


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_written_lines(trio: Trio, line: str) -> None:
    trio.check(line)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(line=st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join))
@example(line="か\u3099 　\u309a ")
def test_generated_lines(trio: Trio, line: str) -> None:
    trio.check(line)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(line=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), max_size=40))
def test_any_characters(trio: Trio, line: str) -> None:
    trio.check(line)


def test_synthetic_text(trio: Trio, lines: list[str]) -> None:
    for text in lines[:1000]:
        for line in text.split("\n"):
            trio.check(line)


@pytest.mark.parametrize("name", ["general_ja", "medical_ja", "noisy_web"])
def test_sample_of_the_corpora(trio: Trio, shared: Path, name: str) -> None:
    path = shared / "corpora" / f"{name}.jsonl.zst"
    for line in itertools.islice(corpus_lines(path), 5000):
        trio.check(line)


def corpus_lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file)
        for document in io.TextIOWrapper(raw, encoding="utf-8"):
            yield from json.loads(document)["text"].split("\n")


def test_texts_are_split_line_by_line_in_their_order(trio: Trio) -> None:
    texts = ["\n".join(LINES[i:]) for i in range(len(LINES))] * 20
    expected = [[m for line in text.split("\n") for m in trio.ours.split(line)] for text in texts]
    assert [trio.ours.split(text) for text in texts] == expected
    assert trio.ours.split_batch(texts) == expected


@pytest.mark.parametrize("seed", range(4))
def test_ties(seed: int, tmp_path: Path) -> None:
    """Many paths of a made-up dictionary cost the same; vibrato prefers some unknown words there that MeCab does not."""
    rng = random.Random(seed)
    words = sorted({"".join(rng.choices("あいa漢", k=rng.randint(1, 3))) for _ in range(15)})
    rows = [f"{w},{rng.randint(0, 1)},{rng.randint(0, 1)},{rng.randint(0, 2)},名詞\n" for w in words * 2]
    source = tmp_path / "source"
    source.mkdir()
    (source / "lex.csv").write_text("".join(rows), encoding="utf-8")
    (source / "matrix.def").write_text("2 2\n0 1 1\n1 0 1\n1 1 0\n", encoding="ascii")
    characters = "DEFAULT 1 1 2\nSPACE 0 1 0\nALPHA 1 1 1\n0x0020 SPACE\n0x0061..0x007a ALPHA\n"
    (source / "char.def").write_text(characters, encoding="ascii")
    unknown = "DEFAULT,0,0,1,名詞\nDEFAULT,1,1,1,名詞\nSPACE,0,0,1,記号\nALPHA,1,0,1,名詞\n"
    (source / "unk.def").write_text(unknown, encoding="utf-8")
    mecab.compile_system(source, "utf8", tmp_path / "base")
    mecabs = mecab.tagger(tmp_path / "base")
    ncvc.build_dictionary(tmp_path / "dictionary", base=tmp_path / "base", base_name="made up")
    ours = ncvc.Analyzer.load(tmp_path / "dictionary")
    for _ in range(300):
        line = "".join(rng.choices("あいa漢 ", k=12))
        assert ours.split(line) == mecab.split(mecabs, line)
