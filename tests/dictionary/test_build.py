"""Building a dictionary: terms, their costs, the file, the command."""

import json
import time
from pathlib import Path

import ipadic
import pytest

import ncvc
from ncvc.dictionary import find_base
from tests.conftest import run_ncvc

J_MEDIC = """急性心筋梗塞,I219,急性心筋梗塞
心筋梗塞,I219,心筋梗塞
心筋梗塞後症候群,I241,心筋梗塞後症候群
急性心筋梗塞後心室中隔穿孔,I232,急性心筋梗塞後心室中隔穿孔
ＨＥＬＬＰ症候群,O142,ＨＥＬＬＰ症候群
"1,25-ジヒドロキシビタミンD欠乏症",E559,
ベーチェット病,M352,ベーチェット病
めまい感,,
癌,C809,癌
頭痛,R51,頭痛
膵 癌,C259,膵癌
ベーチェット病,M352,ベーチェット病
,,
"肺
癌",C349,肺癌
"""

TERMS = [
    "急性心筋梗塞",
    "心筋梗塞後症候群",
    "急性心筋梗塞後心室中隔穿孔",
    "HELLP症候群",
    "1,25-ジヒドロキシビタミンD欠乏症",
    "ベーチェット病",
]


@pytest.fixture(scope="module")
def with_terms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terms")
    (folder / "j-medic.csv").write_text(J_MEDIC, encoding="utf-8")
    (folder / "LICENCE").write_text("CC BY 4.0", encoding="utf-8")
    return build(folder / "dictionary", folder / "j-medic.csv", licence=folder / "LICENCE")


def build(output: Path, terms: Path, licence: Path | None = None) -> Path:
    base = find_base("ipadic")
    ncvc.build_dictionary(
        output,
        base=base.folder,
        base_name=base.name,
        terms=[terms],
        licences=[*base.licences, *([licence] if licence else [])],
    )
    return output


def test_terms_are_kept_or_counted(with_terms: Path) -> None:
    info = ncvc.Analyzer.load(with_terms).info
    assert (info["base"], info["rows"], info["terms"]) == ("ipadic", 392126, 7)
    assert info["skipped"] == {
        "already a noun": 2,  # 心筋梗塞, 頭痛
        "duplicate": 1,
        "empty": 1,
        "line break": 1,
        "single character": 1,
        "white space": 1,
    }


def test_notices_and_inputs_are_in_the_file(with_terms: Path) -> None:
    info = ncvc.Analyzer.load(with_terms).info
    assert [licence["name"] for licence in info["licences"]] == ["COPYING", "LICENCE"]
    assert "Nara Institute of Science" in info["licences"][0]["text"]
    assert info["licences"][1]["text"] == "CC BY 4.0"
    assert [file["name"] for file in info["inputs"]] == [
        "sys.dic",
        "unk.dic",
        "matrix.bin",
        "char.bin",
        "j-medic.csv",
    ]
    assert info["inputs"][4]["bytes"] == len(J_MEDIC.encode())


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("患者は", "を発症した。"), ("既往に", "あり"), ("（", "）、"), ("「", "の疑い」")]
)
def test_a_term_is_one_morpheme(with_terms: Path, dictionary: Path, term: str, before: str, after: str) -> None:
    plain, analyzer = ncvc.Analyzer.load(dictionary), ncvc.Analyzer.load(with_terms)
    line = before + term + after
    morphemes = analyzer.split(line)
    assert term in morphemes
    assert len(plain.split(term)) > 1, "the base alone cuts it, or this shows nothing"
    # What stands around it is what the base finds around a noun that it knows.
    assert [m if m != term else "頭痛" for m in morphemes] == plain.split(before + "頭痛" + after)


def test_neighbours_are_not_eaten(dictionary: Path, tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_text("ML\n可能性\n意識状態\n苦しい\n", encoding="utf-8")
    plain = ncvc.Analyzer.load(dictionary)
    analyzer = ncvc.Analyzer.load(build(tmp_path / "dictionary", tmp_path / "terms.csv"))
    assert analyzer.info["terms"] == 4
    # Each line holds a term that begins inside a word of the base. A margin of 6000 breaks all four.
    for line in ["HTMLファイル", "することの不可能性とを認識した", "半ば無意識状態にさせる", "驚異。重苦しい感動。"]:
        assert analyzer.split(line) == plain.split(line)
    assert "可能性" in analyzer.split("疾患の可能性がある")


def test_lines_without_terms_stay_as_they_were(with_terms: Path, dictionary: Path, lines: list[str]) -> None:
    plain, analyzer = ncvc.Analyzer.load(dictionary), ncvc.Analyzer.load(with_terms)
    without = [text for text in lines if not any(term in text for term in [*TERMS, "めまい感"])]
    assert len(without) > 500
    assert analyzer.split_batch(without) == plain.split_batch(without)


def test_the_same_inputs_give_the_same_bytes(with_terms: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "again", with_terms.parent / "j-medic.csv", licence=with_terms.parent / "LICENCE")
    assert again.read_bytes() == with_terms.read_bytes()


def test_loading_takes_less_than_half_a_second(with_terms: Path) -> None:
    def seconds() -> float:
        started = time.process_time()
        ncvc.Analyzer.load(with_terms)
        return time.process_time() - started

    assert min(seconds() for _ in range(3)) < 0.5


def test_damaged_and_foreign_files_say_so(with_terms: Path, tmp_path: Path) -> None:
    whole = with_terms.read_bytes()
    broken = tmp_path / "broken"
    for i in [16, 30, 100, len(whole) // 2, len(whole) - 1]:
        for damage in [whole[:i], whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :]]:
            broken.write_bytes(damage)
            with pytest.raises(ncvc.DictionaryError, match="broken: damaged or cut short"):
                ncvc.Analyzer.load(broken)
    for foreign in [b"", b"vibrato", Path(ipadic.DICDIR, "char.bin").read_bytes()]:
        broken.write_bytes(foreign)
        with pytest.raises(ncvc.DictionaryError, match="broken: not an ncvc dictionary; make one with"):
            ncvc.Analyzer.load(broken)
    with pytest.raises(OSError, match="nowhere"):
        ncvc.Analyzer.load(tmp_path / "nowhere")


def test_an_open_quotation_mark_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_text('胃癌,C169\n"肺癌,C349\n肝癌,C220\n', encoding="utf-8")
    with pytest.raises(ncvc.InputError, match=r"terms\.csv:2: a quotation mark is not closed"):
        build(tmp_path / "dictionary", tmp_path / "terms.csv")


def test_stopping_leaves_the_old_file(tmp_path: Path) -> None:
    output = tmp_path / "dictionary"
    output.write_text("old", encoding="utf-8")

    def stop(step: str, done: int, total: int) -> None:
        if step == "writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ncvc.build_dictionary(output, base=ipadic.DICDIR, base_name="ipadic", progress=stop)
    assert output.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_the_commands(tmp_path: Path, with_terms: Path) -> None:
    output, terms = tmp_path / "new/hospital.dic", with_terms.parent / "j-medic.csv"
    licence = with_terms.parent / "LICENCE"
    built = run_ncvc("dictionary", "build", output, "--terms", terms, "--licence", licence)
    assert output.read_bytes() == with_terms.read_bytes()
    said = {line[:28].strip(): line[28:] for line in built.stdout.splitlines()}
    assert said["base"] == "ipadic, 392,126 rows"
    assert (said["terms added"], said["skipped: already a noun"]) == ("7", "2")
    assert "pricing the terms 7" in built.stderr

    described = run_ncvc("dictionary", "show", output).stdout
    assert described.splitlines()[:2] == built.stdout.splitlines()[:2]
    assert json.loads(run_ncvc("dictionary", "show", output, "--json").stdout)["terms"] == 7
    rows = run_ncvc("dictionary", "show", output, "--terms").stdout
    assert '"1,25-ジヒドロキシビタミンD欠乏症",1288,1288,' in rows
    assert rows == ncvc.Analyzer.load(output).terms


def test_a_base_that_is_not_there() -> None:
    failed = run_ncvc("dictionary", "build", "out", "--base", "ipadik", ok=False)
    assert failed.returncode == 1
    assert failed.stderr.strip() == (
        "ncvc: ipadik: no such folder; give ipadic or unidic-lite or a folder with a MeCab dictionary"
    )
