"""The demo's corpus: the same bytes everywhere, large and varied, noisy as promised, and fictitious."""

import csv
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from ncvc.demo import text
from ncvc.demo.text import Document


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    return list(text.documents(seed=1))


@pytest.fixture(scope="module")
def whole(corpus: list[Document]) -> str:
    return "\n".join(document["text"] for document in corpus)


def test_the_bytes_are_those_of_every_other_machine(tmp_path: Path) -> None:
    text.write_corpus(tmp_path / "text.jsonl", seed=7, size=50_000)
    digest = hashlib.sha256((tmp_path / "text.jsonl").read_bytes()).hexdigest()
    assert digest == "eef52b9f413f5591a24a71caaac47cb1fd4d18e20e050c702987e2cc4a2f5788"


def test_another_seed_writes_another_text() -> None:
    one, other = ([document["text"] for document in text.documents(seed, 20_000)] for seed in (1, 2))
    assert not set(one) & set(other)


def test_at_least_two_megabytes(corpus: list[Document]) -> None:
    size = sum(len(document["text"].encode()) for document in corpus)
    assert 2_000_000 <= text.SIZE <= size < text.SIZE + 5_000


def test_the_file_holds_the_documents_as_json_lines(tmp_path: Path) -> None:
    count = text.write_corpus(tmp_path / "text.jsonl", seed=3, size=30_000)
    lines = (tmp_path / "text.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(text.documents(3, 30_000))
    assert len(lines) == count
    assert [path.name for path in tmp_path.iterdir()] == ["text.jsonl"]


def test_kinds_have_their_share(corpus: list[Document]) -> None:
    assert sum(text.KINDS.values()) == 100
    counts = Counter(document["kind"] for document in corpus)
    for kind, percent in text.KINDS.items():
        assert counts[kind] / len(corpus) * 100 == pytest.approx(percent, abs=2)


def test_documents_repeat_only_where_meant(corpus: list[Document]) -> None:
    by_id = {document["id"]: document["text"] for document in corpus}
    assert len(by_id) == len(corpus)
    copies = [document for document in corpus if "-copy-of-" in document["id"]]
    assert all(copy["text"] == by_id[copy["id"].split("-copy-of-")[1]] for copy in copies)
    assert len(corpus) - len({document["text"] for document in corpus}) == len(copies)
    assert len(copies) / len(corpus) * 100 == pytest.approx(text.COPIES, abs=1)


@pytest.mark.parametrize(
    ("what", "pattern", "least"),
    [
        ("telephone", r"0000[-ー－）)  ]?\d{4}|0120-000-\d{3}", 100),
        ("telephone in full-width digits", "０３－００００－", 5),
        ("international telephone", r"\+81-90-0000-", 5),
        ("e-mail", r"[\w.]+@[\w.]*example\.(com|org|jp)", 20),
        ("URL", r"https?://[\w.]*example\.(com|org|jp)/", 20),
        ("account", r"(?<!\w)@[a-z_]+", 10),
        ("tag", r"(?<!\w)[#＃]\w+", 20),
        ("full-width ASCII", "[Ａ-Ｚａ-ｚ０-９]{2,}", 50),
        ("half-width kana", "[ｦ-ﾟ]{2,}", 50),
        ("combining mark", "[\u3099\u309a]", 50),
        ("zero-width character", "[\u200b\u200d\ufeff\u00ad]", 50),
        ("emoji", "[\U0001f300-\U0001faff]", 30),
        ("unit as one character", "[㎎㎖㎏㎝㎜㎞]", 20),
        ("circled number", "[①②③]", 50),
        ("tilde", "[～∼~〰]", 20),
        ("hyphen look-alike", "[‐‑‒–—−－]", 20),
        ("dash for a long vowel", "[ァ-ヴ][―─−ｰ-][ァ-ヴ]", 20),
        ("repeated mark", r"([！!？。…〜♪w])\1{2,}", 50),
        ("repeated sentence", r"([^。\n]{8,}。)\1", 30),
        ("white space", "[。、：）](  |\u3000\u3000|\t|\u00a0| \u3000 )", 30),
        ("western stops", "，.*．", 30),
    ],
)
def test_noise_is_there(what: str, pattern: str, least: int, whole: str) -> None:
    assert len(re.findall(pattern, whole)) >= least, what


def test_contacts_are_fictitious(whole: str) -> None:
    digits = whole.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    for label in ("電話：", "TEL ", "FAX ", "お問い合わせは"):
        for number in re.findall(label + r"([+(\d][-‐‑‒–—−ー－+()（） \d]+)", digits):
            assert re.search(r"0000|0120-000|900000", number), number
    assert set(re.findall(r"[@＠](?:[\w-]+\.)*([\w-]+)\.(?:com|org|net|jp)", whole)) == {"example"}
    assert set(re.findall(r"https?://(?:[\w-]+\.)*?(\w+)\.(?:com|org|net|jp)/", whole)) == {"example"}


def test_terms_are_a_csv_of_distinct_surfaces(tmp_path: Path) -> None:
    count = text.write_terms(tmp_path / "terms.csv")
    with (tmp_path / "terms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count >= 500
    assert all(len(row["surface"]) >= 2 and row["class"] in text.TERM_SYMBOLS for row in rows)
    assert len({row["surface"] for row in rows}) == count
