"""Telephone numbers and e-mail addresses as people write them, and numbers that only look like them.

Written from how such numbers are printed, not from the rules that look for them. Everything is drawn from one
seeded generator, so a failure can be seen again.
"""

import random
from collections.abc import Callable

DASHES = "-‐‑‒–—―−－ー"
FULL_WIDTH = str.maketrans("0123456789+()-.", "０１２３４５６７８９＋（）－．")

AREA_CODES = [
    "03", "04", "06", "011", "022", "026", "042", "044", "045", "052", "053", "054", "058", "072", "075",
    "078", "082", "086", "092", "096", "098", "0123", "0134", "0172", "0197", "0220", "0246", "0263", "0278",
    "0284", "0299", "0422", "0466", "0467", "0493", "0532", "0561", "0573", "0594", "0721", "0742", "0771",
    "0797", "0823", "0836", "0848", "0852", "0877", "0883", "0920", "0942", "0956", "0968", "0980", "0995",
    "01267", "01372", "01457", "01558", "01648", "04992", "05769", "05979", "07468", "08388", "08512",
    "09496", "09802", "09913",
]  # fmt: skip

Make = Callable[[random.Random], str]


def digits(rng: random.Random, count: int) -> str:
    """`count` random digits."""
    return "".join(rng.choices("0123456789", k=count))


def mobile(rng: random.Random) -> list[str]:
    return [rng.choice(["060", "070", "080", "090"]), digits(rng, 4), digits(rng, 4)]


def fixed(rng: random.Random) -> list[str]:
    area = rng.choice(AREA_CODES)
    exchange = rng.choice("123456789") + digits(rng, 5 - len(area))  # none begins with 0
    return [area, exchange, digits(rng, 4)]


def toll_free(rng: random.Random) -> list[str]:
    middle = rng.choice([2, 3])
    return ["0120", digits(rng, middle), digits(rng, 6 - middle)]


def any_number(rng: random.Random) -> list[str]:
    return rng.choice([mobile, fixed, fixed, toll_free])(rng)


def dashed(parts: list[str]) -> str:
    return "-".join(parts)


def ten_dashes(rng: random.Random) -> str:
    return rng.choice(DASHES).join(any_number(rng))


def full_width(rng: random.Random) -> str:
    return dashed(any_number(rng)).translate(FULL_WIDTH)


def spaced(rng: random.Random) -> str:
    return rng.choice([" ", "　", " - ", "- ", " ー "]).join(any_number(rng))


def wrapped(rng: random.Random) -> str:
    """A line break somewhere inside."""
    text = dashed(any_number(rng))
    at = rng.randrange(1, len(text))
    return text[:at] + rng.choice(["\n", "\r\n"]) + text[at:]


def bracketed(rng: random.Random) -> str:
    area, exchange, rest = fixed(rng)
    form = rng.choice(["({}){}-{}", "({}) {}-{}", "{}({}){}", "（{}）{}－{}", "({}){}ー{}"])
    return form.format(area, exchange, rest)


def international(rng: random.Random) -> str:
    area, exchange, rest = rng.choice([mobile, fixed])(rng)
    form = rng.choice(
        ["+81-{}-{}-{}", "+81 {} {} {}", "+81{}{}{}", "+81 (0){}-{}-{}", "+81(0){}{}{}", "＋８１-{}-{}-{}",
         "(+81){}-{}-{}", "0081-{}-{}-{}", "0081{}{}{}"]
    )  # fmt: skip
    return form.format(area[1:], exchange, rest)


def labelled(rng: random.Random) -> str:
    """Ten or eleven digits in a row; its sentence ends in a label."""
    return "".join(any_number(rng))


def e_mail(rng: random.Random) -> str:
    def letters(count: int) -> str:
        return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=count))

    local = letters(rng.randint(2, 8)) + rng.choice(["", "." + letters(3), "_" + letters(2), "+" + letters(3)])
    host = rng.choice(["example.co.jp", "example.com", "mail.example.ac.jp", "example-hosp.or.jp"])
    return local + rng.choice("@＠") + host


POSITIVES: dict[str, Make] = {
    "mobile 060-090": lambda rng: dashed(mobile(rng)),
    "IP 050": lambda rng: dashed(["050", digits(rng, 4), digits(rng, 4)]),
    "fixed line": lambda rng: dashed(fixed(rng)),
    "0120": lambda rng: dashed(toll_free(rng)),
    "0800": lambda rng: dashed(["0800", digits(rng, 3), digits(rng, 4)]),
    "0570": lambda rng: dashed(["0570", *rng.choice([[digits(rng, 3), digits(rng, 3)], [digits(rng, 2), digits(rng, 4)]])]),
    "+81 and 0081": international,
    "ten dashes": ten_dashes,
    "full width": full_width,
    "spaces": spaced,
    "line break inside": wrapped,
    "brackets": bracketed,
    "dots": lambda rng: ".".join(any_number(rng)),
    "one run, mobile": lambda rng: "".join(mobile(rng)),
    "one run, label": labelled,
    "extension": lambda rng: digits(rng, rng.randint(3, 5)),
    "e-mail": e_mail,
}  # fmt: skip

BEFORE = ["ご家族は", "連絡先は", "主治医に報告後、", "電話:", "TEL:", "退院後は薬局(", "・緊急時は", "妻の携帯"]
LABELS = ["電話", "電話番号は", "TEL:", "Tel.", "FAX:", "携帯:", "連絡先:", "自宅電話", "ＴＥＬ:", "(電話)"]
AFTER = ["に連絡を希望。", "まで。", "(不在時は妻へ)", "(夜間可)", "。", ""]


def positive(rng: random.Random, category: str) -> tuple[str, str]:
    """A sentence with a number, and what has to be left of it."""
    before = rng.choice({"one run, label": LABELS, "extension": ["内線", "内線番号"]}.get(category, BEFORE))
    after = rng.choice(AFTER)
    number = POSITIVES[category](rng)
    return f"{before}{number}{after}", f"{before}{after}"


def date(rng: random.Random) -> str:
    year, month, day = rng.randint(1926, 2030), rng.randint(1, 12), rng.randint(1, 28)
    forms = ["{y}-{m:02}-{d:02}", "{m:02}-{d:02}-{y}", "{y}/{m:02}/{d:02}", "{y}.{m:02}.{d:02}", "{y}{m:02}{d:02}",
             "令和{r}年{m}月{d}日", "R{r:02}.{m:02}.{d:02}", "{d:02}.{m:02}.{y}", "{m:02}-{d:02}-{y} 09:30"]  # fmt: skip
    return rng.choice(forms).format(y=year, m=month, d=day, r=rng.randint(1, 8))


def laboratory(rng: random.Random) -> str:
    forms = ["WBC {},{}00/μL", "CRP 0.0{}mg/dL", "Na {}-K {}-Cl {}", "FT4 0.{} TSH 0.0{}", "PLT {}.{}×10^4/μL",
             "BNP {} pg/mL→0{}", "HBs-Ag 0.0{}{} IU/mL", "IgE {}{} (0-170)"]  # fmt: skip
    return rng.choice(forms).format(*(rng.randint(1, 199) for _ in range(3)))


def dose(rng: random.Random) -> str:
    a, b, c = (rng.randint(1, 90) for _ in range(3))
    forms = ["アムロジピン0.{}mg {}日分", "インスリン{}-{}-{}単位", "0.{}mL/h→0.0{}mL/h", "{}-0-{}錠", "0-0-{}-0 {}包",
             "05%ブドウ糖{}mL({}/{})", "2.5mg×{}T×{}"]  # fmt: skip
    return rng.choice(forms).format(a, b, c)


def time(rng: random.Random) -> str:
    hour, minute = rng.randint(0, 9), rng.randint(0, 59)
    forms = ["{h:02}:{m:02}-{k:02}:{m:02}", "{h:02}{m:02} 36.{m} 120", "{h:02}:{m:02}:{s:02}.{x}", "{h:02}時{m:02}分",
             "{h:02}{m:02}-{k:02}{m:02}", "{h:02}{m:02} {s} {x}"]  # fmt: skip
    return rng.choice(forms).format(h=hour, k=hour + 3, m=minute, s=rng.randint(10, 59), x=digits(rng, 3))


def code(rng: random.Random) -> str:
    form = rng.choice(
        ["ICD-10 E{2}.{1}", "JAN 49{9}{2}", "UPC 0{9}{2}", "LOT 0{1}A{4}-{3}", "ロット{2}B0{3}-{4}", "ISBN 978-4-06-{6}-{1}",
         "ISBN 4-06-{6}-{1}", "doi:10.{4}/s{5}-0{2}-{5}-{1}", "jRCT10{8}", "UMIN0000{5}", "NCT0{7}", "検体{4}-{3}-0{2}",
         "rs0{9}", "〒060-{4}", "〒090-{4} {1}丁目", "K0{2}-{1}", "型番0{1}-{2}-{3}"]
    )  # fmt: skip
    for count in range(1, 10):
        while f"{{{count}}}" in form:
            form = form.replace(f"{{{count}}}", digits(rng, count), 1)
    return form


def ratio(rng: random.Random) -> str:
    a, b = rng.randint(1, 99), rng.randint(1, 9999)
    forms = ["1:{}000-{}", "0{}/{}", "{}-{}%", "60-{}/分", "0.{}-0.{}", "p=0.0{}(95%CI 0.{}-0.{})", "0{}〜{}"]
    return rng.choice(forms).format(a, b, a)


def patient_number(rng: random.Random) -> str:
    form = rng.choice(["00{6}", "000{7}", "0{7}", "0{9}", "{8}", "{10}", "0{3}-{5}", "0{1}-{6}-{1}"])
    for count in range(1, 11):
        form = form.replace(f"{{{count}}}", digits(rng, count))
    return "患者" + form


def inside_longer(rng: random.Random) -> str:
    parts = any_number(rng)
    forms = [
        "1{run}",
        "{run}{d}",
        "{dash}-{d}",
        "{d}-{dash}",
        "3.{run}",
        "A{run}",
        "{d}{dash}",
        "{run}.{d}",
        "{run}B",
        "{d}.{dot}",
    ]
    return rng.choice(forms).format(run="".join(parts), dash=dashed(parts), dot=".".join(parts), d=digits(rng, 4))


NEGATIVES: dict[str, Make] = {
    "laboratory values": laboratory, "doses": dose, "dates": date, "times": time, "codes": code,
    "ratios and ranges": ratio, "patient numbers": patient_number, "inside longer numbers": inside_longer,
}  # fmt: skip


def negative(rng: random.Random, category: str) -> str:
    """A line with two such numbers and no telephone number."""
    make = NEGATIVES[category]
    return f"{rng.choice(['経過:', '#1 ', '本日', '検査は', ''])}{make(rng)}{rng.choice(['、', ' ', '。'])}{make(rng)}"
