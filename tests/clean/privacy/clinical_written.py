"""Clinical private data as forms and notes write it, and text that only looks like it.

Every form is from the publication named beside it (from memory: this was written without a network), not from the
rules that look for it; nothing of the engine is used. Everything is drawn from one seeded generator.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from numbers_written import DASHES, FULL_WIDTH, digits

Make = Callable[[random.Random], "Written"]


class Written(NamedTuple):
    """One piece of data with what announces it, and what stays of it when it is replaced by nothing."""

    text: str
    left: str = ""


def modulus_10(payload: str) -> str:
    """The check digit of 保険者番号 and the like: weights 2, 1 from the right, sums of digits, to the next ten."""
    total = 0
    for place, digit in enumerate(reversed(payload)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product - 9 if product > 9 else product
    return payload + str(-total % 10)


def individual(payload: str) -> str:
    """総務省令第85号第5条: 11 - (Σ Pn·Qn mod 11), 0 where the remainder is 0 or 1."""
    weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]  # of the digits from the left
    remainder = sum(int(d) * w for d, w in zip(payload, weights, strict=True)) % 11
    return payload + str(0 if remainder <= 1 else 11 - remainder)


def prefecture(rng: random.Random) -> str:
    return f"{rng.randint(1, 47):02}"


def written(rng: random.Random, number: str, groups: list[int]) -> str:
    """In one run, in groups with a dash of ten, spaces or a line break, or in full width."""
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    match rng.randrange(6):
        case 0 | 1:
            text = number
        case 2:
            text = rng.choice(DASHES).join(parts)
        case 3:
            text = rng.choice([" ", "　"]).join(parts)
        case 4:
            cut = rng.randrange(1, len(number))
            text = number[:cut] + rng.choice(["\n", "\r\n"]) + number[cut:]
        case _:
            text = "-".join(parts)
    return text.translate(FULL_WIDTH) if rng.random() < 0.3 else text


def label(rng: random.Random, *labels: str) -> str:
    """A label and what forms put behind it."""
    return rng.choice(labels) + rng.choice([":", "：", " ", "　", ": ", "は", "\n", "：　"])


def labelled(make: Callable[[random.Random], str], groups: list[int], *labels: str) -> Make:
    return lambda rng: Written(label(rng, *labels) + written(rng, make(rng), groups))


SURNAMES = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡邉",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "松本",
    "斎藤",
    "林",
    "清水",
    "森",
    "阿部",
    "長谷川",
    "近藤",
    "五十嵐",
    "森",
    "南",
    "大久保",
    "小野寺",
    "二階堂",
    "宇佐美",
    "東海林",
    "久保田",
    "菅原",
    "八木",
    "麻生",
    "伊集院",
    "勅使河原",
    "小比類巻",
    "茂木",
    "羽生",
    "柳生",
    "土屋",
    "守屋",
    "福士",
    "波多野",
    "樋口",
    "谷",
]
GIVEN = "太郎 花子 一郎 健太 美咲 翔太 陽子 和夫 幸子 誠 茂 恵美子 直樹 裕美 大輔 結衣 蓮 葵 さくら ひなた のぞみ 由紀夫 千恵子 義雄".split()  # noqa: SIM905
KANA = [
    ("サトウ", "ハナコ"),
    ("ヤマダ", "タロウ"),
    ("ワタナベ", "ケイ"),
    ("イジュウイン", "ジュン"),
    ("モリ", "ミサキ"),
]


def full_name(rng: random.Random) -> str:
    return rng.choice(SURNAMES) + rng.choice(["", " ", "　"]) + rng.choice(GIVEN)


def labelled_name(rng: random.Random) -> Written:
    if rng.random() < 0.2:
        name = rng.choice([" ", "　"]).join(rng.choice(KANA))
        if rng.random() < 0.3:
            return Written(
                rng.choice(["Patient name: ", "Patient Name："])
                + rng.choice(["Taro Yamada", "Hanako SATO", "John Smith"])
            )
        return Written(rng.choice(["フリガナ", "カナ氏名", "氏名カナ"]) + rng.choice([":", "：", ": "]) + name)
    word = rng.choice(
        [
            "患者氏名",
            "氏名",
            "患者名",
            "お名前",
            "主治医",
            "担当医",
            "担当看護師",
            "記載者",
            "説明者",
            "保護者名",
            "キーパーソン",
            "紹介医",
        ]
    )
    name = rng.choice([full_name(rng), rng.choice(SURNAMES)])
    return Written(word + rng.choice([":", "：", ": ", "：　", ":\n"]) + name + rng.choice(["", "", "様", " 殿"]))


def honorific_name(rng: random.Random) -> Written:
    """様, さん, 殿, 氏 behind a surname or a full name; professions behind a surname."""
    if rng.random() < 0.3:
        return Written(rng.choice(SURNAMES[:37]) + rng.choice(["先生", "医師", "看護師", "薬剤師", "教授"]))
    given = [given for given in GIVEN if not "ぁ" <= given[0] <= "ん"]
    name = rng.choice(SURNAMES[:36]) + rng.choice(["", "", rng.choice(given), " " + rng.choice(given)])
    return Written(name + rng.choice(["様", "さん", "さん", "殿", "氏", " 様"]))


def date(rng: random.Random) -> str:
    """JIS X 0301: the Western and the Japanese calendar; as forms write them."""
    year, month, day = rng.randint(1926, 2024), rng.randint(1, 12), rng.randint(1, 28)
    era, first = next((e, f) for e, f in [("令和R", 2019), ("平成H", 1989), ("昭和S", 1926)] if year >= f)
    count = "元" if year == first and rng.random() < 0.5 else str(year - first + 1)
    forms = [f"{year}-{month:02}-{day:02}", f"{year}/{month}/{day}", f"{year}年{month}月{day}日", f"{year}.{month}.{day}",
             f"{era[:2]}{count}年{month}月{day}日", f"{era[2]}{year - first + 1}.{month}.{day}", f"{era[2]}{year - first + 1:02}/{month:02}/{day:02}",
             f"{year}年 {month}月 {day}日", f"西暦{year}年{month}月{day}日", f"{year}年({era[:2]}{count}年){month}月{day}日",
             f"{era[:2]} {count}年 {month}月{day}日", f"{year}{month:02}{day:02}", f"{year}年\n{month}月{day}日"]  # fmt: skip
    text = rng.choice(forms)
    if "-" in text:
        text = text.replace("-", rng.choice("-‐‑‒–−－"))
    return text.translate(FULL_WIDTH) if rng.random() < 0.3 and "." not in text else text


def birth(rng: random.Random) -> Written:
    if rng.random() < 0.3:
        while True:
            text = date(rng)
            if not text[-8:].isdecimal() and "\n" not in text:
                return Written(text + rng.choice(["生", "生まれ", "生れ"]))
    return Written(label(rng, "生年月日", "誕生日", "DOB", "出生日") + date(rng))


PLACES = [
    "北海道札幌市中央区北1条西",
    "東京都新宿区西新宿",
    "大阪府大阪市北区梅田",
    "京都府京都市左京区吉田本町",
    "愛知県名古屋市中区栄",
    "福岡県福岡市博多区博多駅前",
    "神奈川県横浜市西区みなとみらい",
    "埼玉県さいたま市浦和区常盤",
    "茨城県つくば市天王台",
    "千葉県市川市八幡",
    "三重県四日市市諏訪町",
    "広島県廿日市市下平良",
    "宮城県仙台市青葉区一番町",
    "長野県北佐久郡軽井沢町大字長倉",
    "新潟県南魚沼郡湯沢町湯沢",
    "沖縄県那覇市おもろまち",
    "島根県出雲市大社町杵築東",
    "札幌市中央区南3条西",
    "横浜市港北区新横浜",
    "さいたま市大宮区桜木町",
    "名古屋市千種区鹿子殿",
    "吹田市藤白台",
    "世田谷区緑が丘",
    "品川区東大井",
    "西多摩郡瑞穂町箱根ケ崎",
]
BUILDINGS = ["", "", "", " コーポ青葉203号室", "　メゾン春日301", " グランドマンション 1205号"]


def address(rng: random.Random) -> Written:
    """住居表示: 丁目・番・号 or 番地; written out or with dashes."""
    place, a, b, c = rng.choice(PLACES), rng.randint(1, 9), rng.randint(1, 30), rng.randint(1, 60)
    forms = ["{a}-{b}-{c}", "{a}丁目{b}番{c}号", "{a}丁目{b}-{c}", "{a}－{b}－{c}", "{a}丁目{b}番地の{c}"]
    if not place.endswith("西"):
        forms += ["{n}番地", "{n}番地{c}"]
    number = rng.choice(forms).format(a=a, b=b, c=c, n=rng.randint(100, 1999))
    if "-" in number:
        number = number.replace("-", rng.choice(DASHES))
    text = place + number + rng.choice(BUILDINGS)
    text = text.translate(FULL_WIDTH) if rng.random() < 0.3 else text
    return Written((label(rng, "住所", "現住所") if rng.random() < 0.3 else "") + text)


def insured(rng: random.Random) -> Written:
    sign = rng.choice(
        [
            digits(rng, 8),
            digits(rng, 4),
            "東薬" + digits(rng, 2),
            "甲" + digits(rng, 3),
            digits(rng, 2) + "-" + digits(rng, 2),
        ]
    )
    number = digits(rng, rng.randint(2, 7))
    forms = [f"記号 {sign} 番号 {number}", f"記号:{sign} 番号:{number}", f"記号{sign}・番号{number}", f"記号・番号：{sign}・{number}",
             f"記号番号 {sign}・{number}", f"被保険者証の記号・番号:{sign}・{number}(枝番)0{rng.randint(0, 9)}",
             f"被保険者番号：{digits(rng, 10)}", f"被保険者番号 {digits(rng, 8)}", f"保険証番号:{digits(rng, 6)}", f"記号　{sign}\n番号　{number}"]  # fmt: skip
    return Written(rng.choice(forms))


def patient(rng: random.Random) -> Written:
    if rng.random() < 0.2:
        code = rng.choice(["{5}-{3}", "{8}", "{10}", "A{6}"])
        word = rng.choice(["ID:", "ID：", "ID ", "(ID"]).strip("(")
    else:
        code = rng.choice(["{6}", "{7}", "{8}", "{10}", "A-{5}", "AB{6}", "{2}-{4}-{1}", "{4} {4}", "{3}-{3}-{3}"])
        word = label(
            rng,
            "患者ID",
            "患者番号",
            "患者No.",
            "カルテ番号",
            "カルテNo.",
            "診察券番号",
            "診療録番号",
            "受付番号",
            "MRN",
            "整理番号",
        )
    for count in range(1, 11):
        while f"{{{count}}}" in code:
            code = code.replace(f"{{{count}}}", digits(rng, count), 1)
    if "-" in code:
        code = code.replace("-", rng.choice("-‐‑‒–−－"))
    return Written(word + (code.translate(FULL_WIDTH) if rng.random() < 0.3 else code))


def account(rng: random.Random) -> Written:
    if rng.random() < 0.3:
        return Written(f"ゆうちょ{rng.choice(['', '銀行'])} 記号 1{digits(rng, 3)}0 番号 {digits(rng, 7)}1")
    return labelled(lambda rng: digits(rng, 7), [3, 4], "口座番号", "普通預金", "当座預金", "普通預金口座")(rng)


def card(rng: random.Random) -> Written:
    number = modulus_10(rng.choice("45") + digits(rng, 14))
    return Written(label(rng, "カード番号", "クレジットカード番号") + written(rng, number, [4, 4, 4, 4]))


def passport(rng: random.Random) -> Written:
    number = "".join(rng.choices("MT", k=1)) + rng.choice("RGHKSTZ") + digits(rng, 7)
    number = number.translate({c: c + 0xFEE0 for c in range(0x30, 0x5B)}) if rng.random() < 0.3 else number
    return Written(label(rng, "旅券番号", "パスポート番号", "パスポートNo.", "Passport No.") + number)


def ip_address(rng: random.Random) -> Written:
    """RFC 1918 networks, RFC 5737 examples, and any behind a label (which stays)."""
    last = f"{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    text = rng.choice(
        [
            f"192.168.{last}",
            f"10.{rng.randint(0, 255)}.{last}",
            f"172.{rng.randint(16, 31)}.{last}",
            f"203.0.113.{rng.randint(1, 254)}",
        ]
    )
    text = text.translate(FULL_WIDTH) if rng.random() < 0.3 else text
    word = rng.choice(["", "IPアドレス:", "端末", "IP "])
    return Written(word + text, word)


CLINICAL: dict[str, Make] = {
    # 番号法施行令: twelve digits.
    "個人番号": labelled(lambda rng: individual(digits(rng, 11)), [4, 4, 4], "個人番号", "マイナンバー"),
    # 保険者番号等設定要領: law, prefecture, insurer, check digit; national health insurance has no law.
    "保険者番号": labelled(
        lambda rng: modulus_10(rng.choice(["01", "06", "31", "39", "63", ""]) + prefecture(rng) + digits(rng, 3)), [2, 2, 4], "保険者番号"
    ),
    "公費負担者番号": labelled(
        lambda rng: modulus_10(rng.choice(["12", "21", "51", "54"]) + prefecture(rng) + digits(rng, 3)), [2, 2, 4], "公費負担者番号", "負担者番号"
    ),
    "受給者番号": labelled(lambda rng: modulus_10(digits(rng, 6)), [3, 4], "受給者番号", "公費受給者番号"),
    # 医療機関コード設定要領: prefecture and table (1, 3, 4) before seven digits; the check digit is over all ten or seven.
    "医療機関コード": labelled(
        lambda rng: modulus_10(rng.choice(["", prefecture(rng) + rng.choice("134")]) + digits(rng, 6)), [2, 4, 4], "医療機関コード", "医療機関番号"
    ),
    "記号・番号": insured,
    "患者番号": patient,
    "氏名 (label)": labelled_name,
    "氏名 (honorific)": honorific_name,
    "生年月日": birth,
    # 日本郵便: three and four digits.
    "郵便番号": lambda rng: Written(rng.choice(["〒", "〒 ", "郵便番号:", "郵便番号　"]) + written(rng, digits(rng, 7), [3, 4])),
    "住所": address,
    "口座番号": account,
    # 道路交通法施行規則: twelve digits; 旅券: two letters, seven digits.
    "運転免許証番号": labelled(lambda rng: rng.choice(["30", "62", "45"]) + digits(rng, 10), [4, 4, 4], "運転免許証番号", "免許証番号"),
    "旅券番号": passport,
    # 国民年金法施行規則: four and six digits.
    "基礎年金番号": labelled(lambda rng: digits(rng, 10), [4, 6], "基礎年金番号"),
    "カード番号": card,
    "IPアドレス": ip_address,
}  # fmt: skip

BEFORE = ["確認事項、", "入院時に聴取。", "(", "・", "本日は", "1. ", "記録より、", ""]
AFTER = ["。", "、独居。", "と記載あり。", "\n#1 高血圧", "(確認済)", "、要確認", "に変更なし。"]
AFTER_NAME = ["が来院。", "、独居。", "と面談。", "\n#1 高血圧", "(65歳)", "へ説明した。", "より電話。"]


def clinical_positive(rng: random.Random, category: str) -> tuple[str, str]:
    """A sentence with data of the category, and what has to be left of it when it is replaced by nothing."""
    data = CLINICAL[category](rng)
    before = rng.choice(BEFORE)
    after = rng.choice(AFTER_NAME if "氏名" in category else AFTER)
    return before + data.text + after, before + data.left + after


HARD: dict[str, list[str]] = {
    # 様 that means "-like", and words for people that are no names.
    "words with 様": ["感冒様症状を認める", "CTで結節様の陰影", "腫瘤様病変", "水様性下痢", "喘息様の咳嗽", "皆様に説明", "患者様の同意", "ご家族様へ説明",
                      "痙攣様の動き", "多様な症状", "同様の経過", "仕様を確認", "様子をみる", "王様と神様", "奥様が来院", "お客様窓口", "利用者様", "湿疹様皮疹"],
    "words with さん, 殿, 氏": ["お母さんと来院", "患者さんへ説明", "看護師さんに相談", "お子さんの発熱", "息子さんと同居", "娘さんが介護", "たくさん飲水", "皆さん", "沈殿物あり",
                              "臀部痛", "摂氏37度", "氏名欄は空白", "お父さん", "業者さん", "薬屋さん", "神殿", "旦那さん", "当直医師", "担当看護師", "主治医に報告",
                              "先生に相談", "大学教授", "外科医師", "医師会", "氏名不詳", "検査技師", "研修医師"],
    "identifiers of the literature": ["doi:10.{4}/s{5}-0{2}-{5}-{1}", "PMID: {8}", "PMID {7}", "ISSN {4}-{4}", "jRCTs0{8}", "UMIN0000{5}", "NCT0{7}",
                                      "rs{8}", "EC 3.4.21.{1}", "EC 2.7.11.1", "Gene ID: {5}", "PMC{7}", "arXiv:2312.{5}"],
    "laboratory values": ["WBC {4}/μL", "PLT {2}.{1}×10^4/μL", "CK {3} U/L", "HbA1c 7.{1}%", "AST {2}/ALT {2}", "TSH 0.{3}", "Na 14{1} K 4.{1} Cl 10{1}", "D-dimer {1}.{2}",
                          "BP 1{2}/7{1}mmHg", "血圧 13{1}-8{1}", "SpO2 9{1}%", "CRP {2}.{2}mg/dL", "eGFR {2}.{1}"],
    "doses": ["アムロジピン錠5mg 1錠", "インスリン{1}-{1}-{1}単位", "{1}00mL/時", "2.5mg×{1}T×28日分", "0.{1}mg/kg", "1日{1}回 {2}日分", "{4}単位/日", "点滴{3}mL 12時間"],
    "dates and times": ["2021-0{1}-0{1}", "令和3年{1}月4日に手術", "R3.{1}.12入院", "20210{1}12", "{1}:30", "09:{2}-10:{2}", "2021年3月4日生検施行", "1950年生まれ", "3月4日生食投与",
                        "2021/3/{1} 10:00", "平成30年度", "65歳", "0歳児", "生後{2}日"],
    "codes": ["E11.{1}", "C34.{1}", "J45", "ICD-10 I25.{1}", "620{6}", "16{7}", "D007-{2}", "K{3}", "JAN 49{9}{2}", "ロット{5}", "LOT A{4}-{3}", "型番{3}-{4}", "HOT{9}", "YJ{4}001F1023",
              "第{1}.{1}.{1}.{1}節", "表{1}.{1}", "Ver. 2.1.{1}.{1}", "1.2.840.10008.{1}.{1}"],
    "ratios and ranges": ["1:{4}", "{2}/{2}", "{1}〜{2}%", "{2}-{2}人", "OR 1.{2} (95%CI 1.{2}-2.{2})", "p=0.0{2}", "第{2}回", "{3}例中{2}例", "{2}-{2}-{2}", "希釈{2}倍"],
    "articles and places": ["医療法第{1}条第2項", "個人情報保護法{2}条", "東京都の病院", "大阪市内の{2}施設", "北海道で{3}例", "市中肺炎{2}例", "区域{1}-{2}", "保険者の負担", "市販薬{1}錠", "住所変更あり",
                            "横浜市では2021年に{3}件", "S{1}区域切除", "記号Aで示す", "普通食{4}kcal", "番号札{2}", "当座の処置", "受付番号{2}分待ち", "保険証確認済"],
    "numbers without a label": ["{12}", "{8}", "{7}", "{10}A", "検体{4}-{4}", "{16}", "{3}-{4}", "{4}-{6}", "No.{4}", "SN {8}"],
}  # fmt: skip


def clinical_negative(rng: random.Random, category: str) -> str:
    """A line of text with nothing private in it."""
    pieces = []
    for form in rng.choices(HARD[category], k=2):
        for count in range(1, 17):
            while f"{{{count}}}" in form:
                form = form.replace(f"{{{count}}}", rng.choice("123456789") + digits(rng, count - 1), 1)
        pieces.append(form)
    return (
        rng.choice(["経過:", "#1 ", "本日、", "検査では", ""])
        + rng.choice(["、", "。", "\n"]).join(pieces)
        + rng.choice(["。", "", "を確認"])
    )
