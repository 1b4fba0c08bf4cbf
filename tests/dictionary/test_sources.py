"""A folder of MeCab sources gives what MeCab's own compiler makes of it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncvc
from tests.dictionary import mecab

# Equal costs everywhere, homographs and overlapping words: what is compared is how ties are broken.
FILES = {
    "nouns.csv": "痛み,1,1,300,名詞,固有名詞,一般\n頭痛,1,1,300,名詞,一般,*\n頭,1,2,200,名詞,一般,*\n"
    "痛,1,1,200,名詞,一般,*\n頭,2,1,200,名詞,接尾,*\nみち,1,1,300,名詞,一般,*\n〜痛,2,2,250,名詞,一般,*\n"
    '"1,2-酸",1,1,100,名詞,一般,*\n"言""葉",1,1,100,名詞,一般,*\n',
    "others.csv": "み,2,2,100,助詞,*,*\nち,2,1,200,助詞,*,*\nみ,1,1,100,動詞,*,*\n痛み,2,2,300,動詞,*,*\n",
    "matrix.def": "3 3\n" + "".join(f"{r} {l} {100 * (r == l)}\n" for r in range(3) for l in range(3)),  # noqa: E741
    "char.def": "DEFAULT 0 1 0\nSPACE 0 1 0 # spaces\nKANJI 0 0 2\nHIRAGANA 0 1 2\nALPHA 0 1 0\n\n0x0020 SPACE\n"
    "0x0041..0x007A ALPHA\n0x3041..0x3096 HIRAGANA\n0x4E00..0x9FFF KANJI # all of them\n0x4E00 KANJI HIRAGANA\n",
    "unk.def": "".join(
        f"{name},1,1,{cost},名詞,未知,*\n"
        for name, cost in [("DEFAULT", 400), ("SPACE", 1), ("KANJI", 351), ("HIRAGANA", 363), ("ALPHA", 377)]
    )
    + "KANJI,2,2,351,動詞,未知,*\n",
}


def write(folder: Path, files: dict[str, str], encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(encoding))
    return folder


def build(folder: Path) -> ncvc.Analyzer:
    output = folder.with_suffix(".dictionary")
    ncvc.build_dictionary(output, base=folder, base_name="test")
    return ncvc.Analyzer.load(output)


@pytest.mark.parametrize("encoding", ["utf8", "euc-jp"])
def test_sources_equal_mecabs_compiler(tmp_path: Path, encoding: str) -> None:
    folder = write(tmp_path / "sources", FILES, encoding)
    compiled = mecab.compile_system(folder, encoding, tmp_path / "compiled")
    reference = mecab.tagger(compiled)
    from_sources = build(folder)
    from_compiled = build(compiled)
    assert from_sources.info["rows"] == from_compiled.info["rows"] == 13

    @settings(max_examples=2000, deadline=None, derandomize=True)
    @given(line=st.text('頭痛みち〜一 a12,-酸言葉"𠮷', max_size=25))
    def equal(line: str) -> None:
        expected = mecab.split(reference, line)
        assert from_sources.split(line) == expected
        assert from_compiled.split(line) == expected

    equal()


@pytest.mark.parametrize("charset", ["euc-jp", "sjis"])
def test_a_compiled_dictionary_in_another_charset_is_the_same(tmp_path: Path, charset: str) -> None:
    """〜 and five more characters have another code point in the Web's encodings than in iconv's, which MeCab uses."""
    characters = "〜‖−¢£¬ー―～"
    rows = "".join(f"{character}痛,1,1,100,名詞,一般,*\n" for character in characters if character != "～")
    folder = write(tmp_path / "sources", {**FILES, "more.csv": rows})
    ours = build(mecab.compile_system(folder, "utf8", tmp_path / "compiled", charset))
    reference = build(mecab.compile_system(folder, "utf8", tmp_path / "reference"))
    assert ours.info["rows"] == reference.info["rows"] == 13 + len(rows.splitlines())
    for line in (f"{before}{character}痛み" for before in ("", "頭") for character in characters):
        assert ours.split(line) == reference.split(line), line


def test_the_first_file_of_the_folder_wins_a_tie(tmp_path: Path) -> None:
    """Of equal rows MeCab takes that of the file which the folder lists first."""
    rows = {f"{name}.csv": f"漢字,1,1,100,{name}\n字漢,1,1,100,{name}\n" for name in "zmaqb"}
    folder = write(tmp_path / "sources", {**FILES, **rows})
    listed = [path.name for path in folder.iterdir() if path.suffix == ".csv"]
    assert [file["name"] for file in build(folder).info["inputs"]][: len(listed)] == listed


def test_rows_that_cannot_be_used_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = FILES["nouns.csv"] * 30 + "頭 ,1,1,300,名詞\n" + "長" * 400 + ",1,1,300,名詞\n"
    folder = write(tmp_path / "sources", {**FILES, "nouns.csv": rows})
    with (folder / "nouns.csv").open("ab") as file:
        file.write(b"\xe7\x97,1,1,300,*\n" * 2)
    from_sources, from_compiled = build(folder), build(mecab.compile_system(folder, "utf8", tmp_path / "compiled"))
    assert (
        from_sources.info["skipped"]
        == from_compiled.info["skipped"]
        == {
            "row of the base that ends in a space": 1,
            "row of the base that is not text in its charset": 2,
            "row of the base that is too long": 1,
        }
    )
    assert from_sources.info["rows"] == from_compiled.info["rows"] == 9 * 30 + 4


@pytest.mark.parametrize("name", ["sys.dic", "matrix.bin", "char.bin", "nouns.csv", "terms"])
def test_a_file_of_zeros_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "sources", FILES)
    if name.endswith((".dic", ".bin")):
        folder = mecab.compile_system(folder, "utf8", tmp_path / "compiled")
    zeros = tmp_path / "terms" if name == "terms" else folder / name
    with zeros.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises((ncvc.DictionaryError, ncvc.InputError), match=name):
        ncvc.build_dictionary(tmp_path / "out", base=folder, base_name="test", terms=[zeros] if name == "terms" else [])
    with pytest.raises(ncvc.DictionaryError, match="not an ncvc dictionary"):
        ncvc.Analyzer.load(zeros)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nouns.csv", "頭,1,1,300,名詞\n痛,1,300,名詞\n", "nouns.csv:2: write surface,left id"),
        ("nouns.csv", "頭,7,1,300,名詞\n", "頭 has ids 7, 1 but the matrix only 3 × 3"),
        ("matrix.def", "3\n", "matrix.def:1: write the numbers of right and left ids"),
        ("matrix.def", "3 3\n0 3 5\n", "matrix.def:2: ids must be below 3 and 3"),
        ("matrix.def", "", "matrix.def:1: empty"),
        ("char.def", "DEFAULT 0 1 0\n", "unknown words of SPACE: char.def defines no such category"),
        ("char.def", "KANJI 0 1 0\n", "char.def:1: the category DEFAULT is missing"),
        ("char.def", "DEFAULT 0 1 99\n", "char.def:1: write `NAME invoke group length`"),
        ("unk.def", "DEFAULT,1,1,400,名詞\n", "no row for unknown words of the category SPACE"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    folder = write(tmp_path / "sources", {**FILES, name: text})
    with pytest.raises(ncvc.NcvcError) as error:
        build(folder)
    assert message in str(error.value)
    assert not list(tmp_path.glob("*dictionary*"))


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ncvc.DictionaryError, match=r"no MeCab dictionary: it needs sys\.dic"):
        build(tmp_path)
    folder = write(tmp_path / "sources", {**FILES, "nouns.csv": "", "others.csv": ""})
    with pytest.raises(ncvc.DictionaryError, match="no rows"):
        build(folder)
    shift_jis = "".join(f"{word},1,1,300,名詞\n" for word in ("頭痛", "ｶﾃｰﾃﾙ", "めまい", "カテーテル", "a")).encode(
        "cp932"
    )
    for other in (b"\xff\xff", shift_jis):
        (folder / "nouns.csv").write_bytes(other)
        with pytest.raises(ncvc.DictionaryError, match="neither UTF-8 nor EUC-JP"):
            build(folder)


@pytest.mark.parametrize("name", ["sys.dic", "unk.dic", "matrix.bin", "char.bin"])
def test_damaged_compiled_files_are_named(tmp_path: Path, name: str) -> None:
    compiled = mecab.compile_system(write(tmp_path / "sources", FILES), "utf8", tmp_path / "compiled")
    whole = (compiled / name).read_bytes()
    for damage in [b"", whole[: len(whole) // 2], whole[:-1], b"\xff" * len(whole)]:
        (compiled / name).write_bytes(damage)
        with pytest.raises(ncvc.DictionaryError, match=name):
            build(compiled)
    # A size that fits, so that the parts themselves are read; no damage may panic.
    for i in range(4, min(len(whole), 3000), 17):
        (compiled / name).write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            build(compiled)
        except ncvc.NcvcError as error:
            assert str(compiled) in str(error)  # noqa: PT017
