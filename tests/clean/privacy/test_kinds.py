"""Kinds of names, addresses, numbers and institutions, each by lines of its own.

The lines are by the rules' author, written as siblings of what the sets of the other authors had shown to be missed: they
hold a kind, and say nothing of text from elsewhere, which the sets do. All persons and institutions are invented.
"""

from functools import partial

import pytest

import ncvc

tagged = partial(ncvc.clean, clinical=True, replacement="tag")
institutions = partial(ncvc.clean, hospitals=True, replacement="tag")

NAMES = {
    "a surname with a further kanji": [
        ("同意書に吉岡田節子の署名あり", "吉岡田|節子"), ("浜名川 敏江は全量摂取", "浜名川|敏江"), ("家族は大西谷和男へ連絡を希望", "大西谷|和男"),
        ("主治医:水野谷、担当:三宅川", "水野谷|三宅川"), ("薬剤師小坂井が鑑別", "小坂井"),
    ],
    "a rare surname of the dictionary": [
        ("保泉文子が転倒", "保泉|文子"), ("看護師阿比留が対応", "阿比留"),
        ("楢原Nsへ申し送り", "楢原"), ("患者米持、検査室へ", "米持"),
    ],
    "a given name in kana behind a surname": [
        ("柳トメは食事全介助", "柳|トメ"), ("谷口みな子に説明した", "谷口|みな子"), ("三戸カホルの娘が来院", "三戸|カホル"), ("岡まどか、39週", "岡|まどか"),
        ("久慈野 ハツ、内服自己管理", "久慈野|ハツ"),
    ],
    "a name behind a space": [
        ("以上です。\n倉橋 未央", "倉橋|未央"), ("芦刈 誠さんが来院", "芦刈|誠"), ("辰巳 良子は経過良好", "辰巳|良子"), ("差出人 木場田 隆司", "木場田|隆司"),
    ],
    "a list": [
        ("参加者:東浦、千頭、貫井", "東浦|千頭|貫井"), ("席次 1班安食・海野・江守", "安食|海野|江守"), ("受持医 浮田、飯沼、安田川の3名", "浮田|飯沼|安田川"),
        ("回覧 □田丸□三枝松□芳賀", "田丸|三枝松|芳賀"), ("今井田・横溝両名に連絡", "今井田|横溝"),
    ],
    "a roster": [
        ("早出椎名、遅出羽鳥、夜勤本橋", "椎名|羽鳥|本橋"), ("当直 5日高梨 7日赤羽根", "高梨|赤羽根"), ("オンコール:外科諏訪、麻酔久野木", "諏訪|久野木"),
    ],
    "a title before": [
        ("救急隊長 五百蔵 現着", "五百蔵"), ("検食者三田村 味付けよし", "三田村"), ("引継元:藤代 引継先:芝山", "藤代|芝山"), ("《指示受け》椋木", "椋木"),
        ("受持医;浦野 病棟医長;木幡", "浦野|木幡"),
    ],
    "a title behind": [
        ("財津名誉教授の講演", "財津"), ("伊佐山救命士による挿管", "伊佐山"), ("日笠義肢装具士、採型", "日笠"), ("砂川組長と面会", "砂川"),
        ("相楽産婦人科医が執刀", "相楽"), ("寺前市議が視察", "寺前"), ("「磯部さーん、お熱ですよ」", "磯部"),
    ],
    "a family": [
        ("溝口御一家が全員陽性", "溝口"), ("中江家の家族会議を開いた", "中江"), ("夫の実家は尾上家。", "尾上"), ("第1子蒼(6歳)、経産婦", "蒼"),
        ("本人・妻せつ子の二人暮らし", "せつ子"), ("甥秀次氏が来院", "秀次"),
    ],
    "a speaker": [
        ("先生、小室井です。", "小室井"), ("父は真栄平といいまして、漁師でした", "真栄平"), ("「304の寒川ですけど」", "寒川"), ("@高城 資料をお願いします", "高城"),
        ("御厨@ICU です", "御厨"),
    ],
    "a name that is called": [
        ("「ひろし、起きて」と呼ぶ", "ひろし"), ("「みっちゃん呼んで」と繰り返す", "みっちゃん"), ("みゆきと名乗る女性", "みゆき"), ("源氏名「れいか」、", "れいか"),
        ("すずき みよと署名", "すずき|みよ"), ("kazuyoさんのアプリ", "kazuyo"),
    ],
    "a name in kana by what stands beside it": [
        ("たかはしけいこです、と名乗る", "たかはし|けいこ"), ("とよさん（義母）は同居", "とよ"), ("オダマサル 様\u3000採血", "オダ|マサル"),
        ("「うちのひろゆきが来ない」", "ひろゆき"), ("母はけいこ、父はひろし、健在", "けいこ|ひろし"), ("札にはサエキとだけ書かれていた", "サエキ"),
    ],
    "a list with numbers or values": [
        ("照合者①古川 ②三浦 ③大野", "古川|三浦|大野"), ("検印 前川 中込", "前川|中込"), ("リハ 秋元(PT) 上倉(OT) 堂本(ST)", "秋元|上倉|堂本"),
        ("子：碧(9)、結衣(6)", "碧|結衣"),
    ],
    "a surname of one kanji": [("担当堺、検温済み", "堺"), ("訪問看護の森です。", "森"), ("起票者 林 影響なし", "林")],
    "a name that begins a quotation": [("「和也に電話して」と訴える", "和也"), ("息子は「健一」と言える", "健一")],
    "a reading in brackets": [("一さん(にのまえ)来院", "一|にのまえ")],
    "an account behind a few words": [
        ("LINEで家族と連絡(ID:hana_ko77)", "hana_ko77"), ("LINEグループにmasa.k.0815で参加", "masa.k.0815"), ("ブログ名「nikki_kako」", "nikki_kako"),
    ],
    "an address of one number": [("滋賀県大津市坂本町穴太88 独居", "大津市|88"), ("広島市西区己斐1-4-4 コスモ東259", "コスモ東259")],
    "a date of birth beside the sex": [("ID 556124 S17.2.3 男", "S17.2.3"), ("田中 花 女 S32.4.2 初診", "S32.4.2")],
    "a further number": [("カルテ番号が5561-71と5561-17で似る", "5561-71|5561-17"), ("PHS7718、不在時7721", "7718|7721")],
    "names in English notes": [("Desai, Anjali 34F GDM", "Desai|Anjali"), ("Baby of YAMADA HR 140", "YAMADA"), ("イニシャル KMT 様", "KMT")],
    "other languages": [
        ("エレーナ・イワノワ、通訳同伴", "エレーナ|イワノワ"), ("Nguyen Thi Lan Anh様", "Nguyen|Lan"), ("DAO VAN MINH 28M", "DAO|MINH"), ("王建国、58歳", "王建国"),
        ("LEE NAYOUNG様と確認", "LEE|NAYOUNG"),
    ],
    "a given name that no list has": [
        ("長崎みずほさんに説明", "長崎|みずほ"), ("岡本ひばりちゃん、発熱", "岡本|ひばり"), ("飯田乃愛流くん 4歳", "飯田|乃愛流"), ("原田のえる(3歳)入院", "原田|のえる"),
        ("命名は「星空」、届出済み", "星空"), ("月姫(るな)ちゃん、水痘", "月姫|るな"), ("司城懿徳(つかさき いとく)", "司城|懿徳"), ("Mr. Kenji Tamura. BP 120", "Kenji|Tamura"),
    ],
    "a surname behind a role or a department": [
        ("後見人比嘉氏に連絡", "比嘉"), ("腎臓内科林先生に相談", "林"), ("担任仲村渠先生と面談", "仲村渠"), ("加害者:宮城辰 聴取", "宮城|辰"),
        ("執刀三木、麻酔岡部、看護野口", "三木|岡部|野口"), ("隊長 榊、隊員 沖田", "榊|沖田"),
    ],
    "a roster by weekday, number, bed or room": [
        ("当直 月:佐藤 火:兎川 水:鈴木", "佐藤|兎川|鈴木"), ("①田村 ②辻みなみ ③原田", "田村|辻|みなみ|原田"), ("A室:楠 B室:堀江 入室済", "楠|堀江"),
        ("ベッド1 佐々木花子 ベッド2 兎川", "佐々木|花子|兎川"),
    ],
    "a column or a field": [
        ("|床|患者名|担当|\n|3|山本和子|鷹取|", "山本|鷹取"), ("氏名\t主治医\n小野ゆき\t千葉", "小野|ゆき|千葉"), ('"病棟","氏名"\n"3A","安西 蓮"', "安西|蓮"),
        ('{"dr": "緑川", "dx": "肺炎"}', "緑川"), ("<name>黛カオル</name>", "黛|カオル"), ("PID|1||||緋村^蓮||", "緋村|蓮"), ("7,川村優子,F,80,心不全,津川", "川村|優子|津川"),
    ],
}  # fmt: skip

IDENTIFIERS = {
    "streets of Kyoto": [
        ("自宅は寺町通御池下る、独居", "寺町通|御池下る"), ("油小路五条上ル東入上金仏町に居住", "油小路|上金仏町"), ("河原町通二条上ル西側", "河原町通|西側"),
    ],
    "a lot": [
        ("通院は福生市熊川1602から", "熊川|1602"), ("「1842番地」とのみ記載", "1842番地"), ("播磨町市原区二の七の四と記載", "二の七の四"),
        ("杉並区阿佐谷南在住", "杉並区|阿佐谷南"),
    ],
    "a date of birth": [
        ("出生:R7.3.31 3,016g", "R7.3.31"), ("Geburtsdatum: 14.09.1958", "14.09.1958"), ("生年月日(和暦)3-480615", "480615"), ("Jan. 30, 1988 birth, primipara", "1988"),
        ("出生日時:2025年9月3日4時17分", "9月3日"),
    ],
    "a record": [
        ("ログインID: kobayakawa-h 変更済み", "kobayakawa-h"), ("MAC 00:1B:44:11:3A:B7 を検出", "3A:B7"), ("透析患者登録コードT-04-7719", "7719"),
        ("HD台帳 No.0317", "0317"), ("車のナンバーは多摩あ17-93、", "17-93"), ("シリアル番号:SN-88-41207X ICD植込み", "41207X"),
    ],
    "an account": [
        ("PSN ryota.no.1 のフレンド", "ryota.no.1"), ("ユーザー名 nagi.nagi-77 で投稿", "nagi-77"), ("line id: k.o.t.a.88", "k.o.t.a.88"), ("配信名 るる☆0801、", "るる"),
        ("LINE名「ゆきぽよ」", "ゆきぽよ"),
    ],
    "a number beside its label": [
        ("5512-0381-7=患者ID、採血済", "5512-0381-7"), ("Chart# B0071342 follow-up", "B0071342"), ("口座番号 当座 2281736", "2281736"), ("(5120内線)へ", "5120"),
        ("(生)昭10/2/28、独居", "昭10/2/28"), ("ゲームID「blue_fox88」", "blue_fox88"), ("平成30年(家イ)第512号の調停", "平成30年"),
        ("Study UID 1.2.840.113619.2.55.3.604688119.971", "604688119"), ("PID-3 00551276 を照合", "00551276"),
    ],
    "a column of numbers": [
        ("ID\t科\n44810276\t内科", "44810276"), ("| 患者番号 | 病名 |\n| 58120 | 胃炎 |", "58120"), ('"ID","年齢"\n"60512377","54"', "60512377"),
    ],
    "a telephone number digit by digit": [("0 5 2-5 5 5-6 6 1 8 まで", "6 6 1 8"), ("「0 9 0の5555の3381です」", "3381")],
}  # fmt: skip

INSTITUTIONS = {
    "named behind the word for its kind": [
        ("循環器病センター曙に紹介", "曙"), ("ホスピス 聖マリ待機", "聖マリ"), ("障害者支援施設 のぞみ園の職員", "のぞみ園"), ("訪看りんくるより共有", "りんくる"),
        ("乳児院 たんぽぽより", "たんぽぽ"), ("日赤鷹巣にて", "鷹巣"),
    ],
    "a short word": [("こまくさ整形で注射", "こまくさ"), ("ゆめの花訪看の看護師", "ゆめの花"), ("ハーモニー調剤から電話", "ハーモニー"), ("仁寿脳神経外科に通院", "仁寿")],
    "a university": [("湘洋大老年科に相談", "湘洋大"), ("明晶大本院へ紹介", "明晶大"), ("大学病院(翔和大)での手術", "翔和大")],
    "a label": [("病院名:緑ヶ浜 科:血液内科", "緑ヶ浜"), ("ショートステイ先:くつろぎ邸 30日まで", "くつろぎ邸"), ("徳風会グループの系列", "徳風会")],
    "a storey": [("南館2Fの個室へ", "南館2F"), ("本館四階の詰所", "本館四階"), ("8階北、空床", "8階北"), ("西3Fスタッフルーム", "西3F"), ("2B-14床へ入室", "2B-14")],
}  # fmt: skip

KEPT = [
    "大浦・堀田スケールで中等度", "石橋を叩くような性格", "小川で転倒し受傷", "母(キーパーソン)は疲労", "長女(平日17時以降)に連絡", "多角形小結節を認める",
    "ベッド上安静、酸素送気", "児童相談所に通告", "石けんと流水で洗う", "木の枝が当たった", "頭蓋内主幹動脈", "周産期母子医療センター", "大正時代の建物", "水様下痢が1日8回",
    "鹿爪らしい顔", "越後守の話", "川を下ると海に出る", "人口1602人の町", "火曜に採血、水曜に診察", "父は高血圧です。", "上部消化管内視鏡で", "図3Dで表示する",
    "毛様充血を認める", "内水様便が続く", "峡部を切離", "新出の病変", "脳外主幹動脈", "ファーター氏乳頭", "父:精のう", "DOA 5γ/DOB 2.5γ",
    "A室:清潔 B室:一般", "項目,担当\n採血,病棟\n説明,外来", "ID,年\n12,2024", '{"name": "胸部CT"}', "清和源氏の流れ", "準夜帯リーダー", "SOP UID 1.2.840.10008.1",
    "x^2+y^2", "<name>胃癌</name>",
]  # fmt: skip
KEPT_INSTITUTIONS = [
    "近隣のクリニックで検査", "労災認定の可否", "検診センターからの依頼", "訪問リハビリを週1回", "当番病院の一覧", "左房拡大、壁運動低下", "2D心エコーの所見", "デイサービス利用中",
    "そのために病院へ", "グループホーム入居を検討", "5階の病室", "会議室は本館にある",
]  # fmt: skip


def rows(table: dict[str, list[tuple[str, str]]]) -> list[object]:
    """Parameters of a table: a line and what must go from it."""
    return [pytest.param(text, gone.split("|"), id=text) for lines in table.values() for text, gone in lines]


def plain(text: str) -> str:
    """Cleans by the papers' rules alone."""
    return ncvc.clean(text).replace("▁", " ")


@pytest.mark.parametrize(("text", "gone"), [*rows(NAMES), *rows(IDENTIFIERS)])
def test_what_identifies_a_person_goes(text: str, gone: list[str]) -> None:
    cleaned = tagged(text).replace("▁", " ")
    assert [word for word in gone if word in cleaned] == []
    assert all(word in plain(text) for word in gone)


@pytest.mark.parametrize(("text", "gone"), rows(INSTITUTIONS))
def test_names_of_institutions_go(text: str, gone: list[str]) -> None:
    cleaned = institutions(text).replace("▁", " ")
    assert [word for word in gone if word in cleaned] == []
    assert all(word in plain(text) for word in gone)


@pytest.mark.parametrize("text", KEPT)
def test_other_words_stay(text: str) -> None:
    assert tagged(text) == ncvc.clean(text)


@pytest.mark.parametrize("text", KEPT_INSTITUTIONS)
def test_words_for_institutions_stay(text: str) -> None:
    assert institutions(text) == ncvc.clean(text)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("電話(06)5550-4249。", "電話。"), ("電話：（０６）５５５０－４２４９まで", "電話:まで"), ("(06)5550-4249", ""),
        ("(03-5550-4249)に連絡", "()に連絡"), ("電話(090)5550(4249)", "電話"), ("(電話(090)5550(4249))まで", "(電話)まで"),
    ],
)  # fmt: skip
def test_a_bracket_of_a_number_goes_with_it(text: str, after: str) -> None:
    assert ncvc.clean(text, clinical=True) == after
    assert ncvc.clean(text) == after
