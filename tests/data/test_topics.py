"""Topics from lists in the published forms, small and made up here."""

import json
from pathlib import Path
from typing import Any

import pytest

from ncvc.data.drug_names import drug_stem
from ncvc.data.topics import prepare_topics
from ncvc.errors import InputError
from ncvc.manifest import verify
from tests.conftest import run_ncvc

DISEASES = "出現形\tICDコード\t標準病名\t頻度\n疼痛\tR529\t疼痛\t9\n痛み\tR529\t疼痛\t8\n痛み\tR529\t疼痛\t7\nＤＭ\tE14\t糖尿病\t5\n９９\t-1\t-1\t1\n癌\tC80\t癌\t2\n"
DRUGS = "区分,薬価基準収載医薬品コード,成分名,規格,品名\n内用薬,1,エスタゾラム,1mg,ユーロジン１ｍｇ錠\n注射薬,2,セファゾリンナトリウム水和物,1g,セファゾリンＮａ注射用１ｇ「会社」\n内用薬,1,エスタゾラム,2mg,ユーロジン１ｍｇ錠\n"


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "topics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_topics_of_the_published_forms(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text(DISEASES, encoding="utf-8")
    (tmp_path / "p.csv").write_text(DRUGS, encoding="shift_jis")
    found = prepare_topics(tmp_path / "out", diseases=[tmp_path / "m.txt"], drugs=[tmp_path / "p.csv"])
    assert found.topics == {"disease": 3, "drug": 2}
    assert found.dropped == {"disease": {"no_letters": 1, "repeated": 1, "too_short": 1}, "drug": {"repeated": 1}}
    for kind, count in found.topics.items():
        assert count + sum(found.dropped[kind].values()) == found.rows[kind]
    by_name = {row["name"]: row for row in rows(tmp_path / "out")}
    assert by_name["痛み"] == {"kind": "disease", "name": "痛み", "synonyms": ["疼痛"]}
    assert by_name["DM"]["synonyms"] == ["糖尿病"]
    assert by_name["ユーロジン1mg錠"]["synonyms"] == ["エスタゾラム", "ユーロジン"]
    assert by_name["セファゾリンNa注射用1g"]["synonyms"][:2] == ["セファゾリンナトリウム水和物", "セファゾリン"]
    assert list(verify(tmp_path / "out")) == []


def test_a_list_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("疼痛,R529,疼痛\n痛み,R529,疼痛\nいたい,-1,-1\n", encoding="utf-8")
    assert prepare_topics(tmp_path / "out", diseases=[tmp_path / "m.csv"]).topics == {"disease": 3}
    assert [row["synonyms"] for row in rows(tmp_path / "out")] == [["痛み"], ["疼痛"], []]


@pytest.mark.parametrize("text", ["", "名前,値\nあ,い\n", "あ,い,う\n"])
def test_another_form_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="no rows in the form of J-MeDic"):
        prepare_topics(tmp_path / "out", diseases=[tmp_path / "m.csv"])
    assert not (tmp_path / "out").exists()


def test_many_names_of_one_standard_name_take_no_longer(tmp_path: Path) -> None:
    lines = [f"{a}{b}病{c},A00,病" for a in "あいうえおかきくけこ" for b in "さしすせそたちつてと" for c in range(200)]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert prepare_topics(tmp_path / "out", diseases=[tmp_path / "m.csv"]).topics == {"disease": 20_000}
    assert max(len(row["synonyms"]) for row in rows(tmp_path / "out")) == 30


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("ユーロジン1mg錠", "ユーロジン"),
        ("クラリシッド錠50mg小児用", "クラリシッド"),
        ("葛根湯", "葛根湯"),
        ("50%液", "50%液"),
    ],
)
def test_stems(name: str, stem: str) -> None:
    assert drug_stem(name) == stem


def test_the_command_compares_with_the_papers(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text(DISEASES, encoding="utf-8")
    said = run_ncvc("data", "topics", tmp_path / "out", "--diseases", tmp_path / "m.txt").stdout
    assert said.splitlines()[0] == (
        "disease: 3 topics of 6 rows (1 no_letters, 1 repeated, 1 too_short); the papers had 91,000"
    )
