"""Words that are read as a name and name no person, by kind, each with names of the same form that must go.

The kinds were seen in an encyclopedia and stories of the web, by reading places that the rule had removed; the lines are by
the rules' author, who wrote them anew. All persons are invented. Those of records lie in `medical_words_written.py`.
"""

from functools import partial

import pytest

import ncvc
from tests.clean.privacy import medical_words_written

tagged = partial(ncvc.clean, clinical=True, replacement="tag")

KEPT = {
    "a place behind a shorter one": ["門真市の病院に通う", "武雄市まで車で行く", "井伊谷城の跡を歩く"],
    "a time": ["鎌倉時代に建てられた", "室町時代の絵を見る"],
    "an office": ["宮内大輔に任じられた", "上総国司を務めた"],
    "a tune, a crowd, a street": ["清元節を習う", "雑賀衆が集まった", "烏丸通を北へ進む", "源氏香の図"],
    "a number": ["定員は三名とする", "午後三時四分に着いた", "宝永二年の噴火"],
    "a word that an honorific closes": ["杜氏は米を蒸した", "大姫君は琴を弾いた", "お伊勢様に参る", "許さんぞと叫ぶ"],
    "kana behind a surname": [
        "南部サンベルトの工場", "野菜は平生たくさん食べる", "西日本ビルの三階", "風がどうと吹く",
    ],
    "a word behind a member of the family": ["親子のあいだの約束", "母の金簪を売る", "祖父の愛を知る", "子供時代の夢"],
    "a list": ["進士・明法の試験", "門真市、茨木市、高槻市を流れる"],
    "rare surnames that are other words": ["郷司は税を集めた", "納言は歌を詠んだ", "葉柳が風に揺れた"],
}  # fmt: skip

GONE = {
    "a surname with a given name of the same form": [
        ("佐藤健三が来院", "佐藤|健三"), ("斎藤一が退院した", "斎藤|一"), ("宮内大輔様が来院", "宮内|大輔"),
    ],
    "an honorific": [("許さんが来院", "許"), ("亀山様、受診", "亀山"), ("氏名:北浦春香", "北浦|春香"), ("山田太郎殿に送付", "山田|太郎"), ("麻生殿(65歳)", "麻生")],
    "a member of the family": [("妻の愛子に連絡", "愛子"), ("KP:長男(太郎)", "太郎"), ("夫の治が同席", "治")],
    "a surname alone": [("山田様来院", "山田"), ("主治医 佐藤", "佐藤"), ("竹中来院", "竹中"), ("5号室 高橋", "高橋")],
}  # fmt: skip


@pytest.mark.parametrize(
    "text", [text for table in (KEPT, medical_words_written.KEPT) for lines in table.values() for text in lines]
)
def test_words_that_are_no_persons_stay(text: str) -> None:
    assert tagged(text) == ncvc.clean(text)


@pytest.mark.parametrize(
    "case",
    [case for table in (GONE, medical_words_written.GONE) for lines in table.values() for case in lines],
    ids=lambda case: case[0],
)
def test_names_of_the_same_form_go(case: tuple[str, str]) -> None:
    text, gone = case
    assert [word for word in gone.split("|") if word in tagged(text)] == []
