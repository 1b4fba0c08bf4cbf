"""Dumps of Wikipedia: articles alone, and of their wikitext what a reader sees."""

import bz2
import gzip
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, preprocess, run_cases, write

pytest.importorskip("mwparserfromhell")

A, B = "肺炎は、肺の炎症である。", "原因は細菌である。"
SITE = (
    "<siteinfo><sitename>W</sitename><dbname>jawiki</dbname><namespaces><namespace key='0' case='first-letter' />"
    "<namespace key='1' case='first-letter'>ノート</namespace></namespaces></siteinfo>"
)


def page(
    text: str, title: str = "肺炎", number: int = 1, space: int = 0, more: str = "", model: str = "wikitext"
) -> str:
    return (
        f"<page><title>{title}</title><ns>{space}</ns><id>{number}</id>{more}<revision><id>9{number}</id>"
        f"<timestamp>2024-01-01T00:00:00Z</timestamp><contributor><username>甲</username><id>5</id></contributor>"
        f'<model>{model}</model><format>text/x-wiki</format><text bytes="9" xml:space="preserve">{escape(text)}</text>'
        "</revision></page>"
    )


def dump(*pages: str, end: str = "</mediawiki>") -> bytes:
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">'
    return f"{head}{SITE}{''.join(pages)}{end}".encode()


# Wikitext → the text of the article.
WIKITEXT = {
    "plain": (f"{A}\n\n{B}", f"{A}\n\n{B}"),
    "bold": ("'''肺炎'''は、''肺''の炎症である。", A),
    "link": ("肺炎は、[[肺]]の[[炎症|炎症]]である。", A),
    "link_trail": ("[[肺]]炎は、肺の炎症である。", A),
    "external": ("肺炎は、[https://example.com 肺の炎症]である。", A),
    "template": ("{{Otheruses|病気}}\n肺炎は、肺の炎症である。{{要出典|date=2024年}}", A),
    "template_nested": ("{{Infobox 病気|名前={{lang|en|Pneumonia}}|画像=[[ファイル:x.png]]}}\n" + A, A),
    "ref": ('肺炎は、<ref>甲乙『書名』</ref>肺の炎症<ref name="a" />である。', A),
    "ref_multiline": ("肺炎は、<ref>\n{{Cite web|url=https://example.com}}\n</ref>肺の炎症である。", A),
    "file": ("[[ファイル:Lung.png|thumb|説明の[[肺]]の図]]\n" + A, A),
    "file_english": ("[[File:Lung.png|thumb|説明]][[Image:b.png]]\n" + A, A),
    "category": (A + "\n[[Category:感染症]]\n[[カテゴリ:肺]]", A),
    "table": ('{| class="wikitable"\n! 項目\n! 値\n|-\n| 甲 || 乙\n|}\n' + A, A),
    "comment": ("肺炎は、<!-- 隠れた[[文]] -->肺の炎症である。", A),
    "list": ("症状\n* 熱\n* 咳\n*# 痰\n", "症状\n熱\n咳\n痰"),
    "heading": (f"{A}\n\n== 原因 ==\n{B}", f"{A}\n\n原因\n{B}"),
    "entities": ("A &lt; B &amp;&nbsp;C である。", "A < B & C である。"),
    "sup": ("体表面積は1.6m<sup>2</sup>で、CO<sub>2</sub>である。", "体表面積は1.6m²で、CO2である。"),
    "nowiki": ("<nowiki>[[括弧]]</nowiki>を使う。", "[[括弧]]を使う。"),
    "br": ("一行目<br />二行目", "一行目\n二行目"),
    "math": ("式は<math>x^2</math>である。", "式はである。"),
    "magic_word": ("__NOTOC__\n" + A, A),
    "small": ("肺炎は、<small>肺の</small><span style='color:red'>炎症</span>である。", A),
}


def squeezed(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


CASES = [Case(name, {"a.xml": dump(page(text))}, [expected]) for name, (text, expected) in WIKITEXT.items()]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("wikitext"), CASES)


@by_name(CASES)
def test_wikitext(output: Output, case: Case) -> None:
    """Blank lines between what is taken out are left to the reader."""
    (text,) = output.source(case.name).texts
    assert squeezed(text) == squeezed(ncvc.clean(case.texts[0]))


REDIRECT = page("#転送 [[肺炎]]", "はいえん", 2, more='<redirect title="肺炎" />')
TALK = page("議論です。", "ノート:肺炎", 3, 1)
WHOLE = dump(page(A), REDIRECT, TALK, page(B, "細菌", 4))
FILES = [
    Case("plain", {"jawiki-latest-pages-articles.xml": WHOLE}, [A, B]),
    Case("bz2", {"jawiki-latest-pages-articles.xml.bz2": bz2.compress(WHOLE)}, [A, B]),
    Case(
        "bz2_streams",
        {"a.xml.bz2": b"".join(bz2.compress(WHOLE[i : i + 300]) for i in range(0, len(WHOLE), 300))},
        [A, B],
    ),
    Case("gz", {"a.xml.gz": gzip.compress(WHOLE)}, [A, B]),
    Case("part_name", {"jawiki-latest-pages-articles1.xml-p1p114794.bz2": bz2.compress(WHOLE)}, [A, B]),
    Case("declared", {"a.xml": b'<?xml version="1.0" encoding="utf-8"?>\n' + WHOLE}, [A, B]),
    Case("named_format", {"a.xml": WHOLE}, [A, B], source={"format": "wikipedia"}),
    Case("cut", {"a.xml": dump(page(A), page(B, "細菌", 4)[:200], end="")}, [A], quarantined=1),
    Case("empty_text", {"a.xml": dump(page("", "空", 5), page(A))}, [A]),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("dumps"), FILES)


@by_name(FILES)
def test_dumps(files: Output, case: Case) -> None:
    read = files.source(case.name)
    assert read.texts == [ncvc.clean(text) for text in case.texts]
    assert len(read.quarantine) == case.quarantined


def test_members(files: Output) -> None:
    documents = files.source("plain").documents
    assert [(d["title"], str(d["id"])) for d in documents] == [("肺炎", "1"), ("細菌", "4")]


def test_unclosed_and_deep_wikitext_ends(tmp_path: Path) -> None:
    """An article is kept or named; none holds up the pass or costs the next one."""
    deep = {
        "braces": "{{" * 20_000 + A,
        "links": "[[" * 20_000 + A,
        "quotes": "''" * 20_001 + A,
        "templates": "{{a|" * 5_000 + A + "}}" * 5_000,
        "tables": "{|\n|" * 5_000 + A,
        "tags": "<div>" * 5_000 + A,
    }
    pages = [page(text, name, i) for i, (name, text) in enumerate(deep.items(), 10)]
    write(tmp_path / "in-deep", {"a.xml": dump(*pages, page(B, "細菌", 4))})
    output = preprocess(tmp_path, [{"name": "deep", "inputs": ["in-deep"]}])
    read = output.source("deep")
    assert read.documents[-1] == {"text": ncvc.clean(B), "title": "細菌", "id": read.documents[-1]["id"]}
    documents = read.summary["documents"]
    assert documents["in"] == documents["out"] + documents["dropped"] + documents["quarantined"]
