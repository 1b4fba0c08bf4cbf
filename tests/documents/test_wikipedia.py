"""Dumps of MediaWiki: hand-written pages in the form of its export."""

import bz2
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

import ncvc
from tests.documents.test_sources import clean, put, quarantine

pytest.importorskip("mwparserfromhell")
from ncvc.documents.wikitext import plain_text

INFO = """<siteinfo><sitename>百科</sitename><namespaces><namespace key="-2" case="first-letter">メディア</namespace>
<namespace key="0" case="first-letter" /><namespace key="6" case="first-letter">Fichier</namespace>
<namespace key="14" case="first-letter">Catégorie</namespace></namespaces></siteinfo>"""
ARTICLE = """{{Infobox 疾患|名称=高血圧|画像=[[ファイル:a.jpg]]}}
[[Fichier:b.png|thumb|[[血圧]]計の写真]]
'''高血圧'''（こうけつあつ、{{lang-en-short|hypertension}}）とは、[[血圧]]が''正常範囲''を超えて[[維持 (医学)|維持]]されている状態である<ref name="a">文献。</ref>。
血圧は10<sup>3</sup>を超えない。<!-- 要確認 -->H<sub>2</sub>O&nbsp;と{{{x|}}}[https://example.jp 公式]。
== 分類 ==
{| class="wikitable"
! 分類 !! 値
|-
| I度 || 140
|}
* 本態性高血圧
* 二次性高血圧<br />腎性
=== 小児 ===
<ruby>喘鳴<rp>（</rp><rt>ぜんめい</rt><rp>）</rp></ruby>。
== 脚注 ==
<references />
{{DEFAULTSORT:こうけつあつ}}
[[Catégorie:循環器]]
[[en:Hypertension]]
"""
TEXT = """高血圧（こうけつあつ）とは、血圧が正常範囲を超えて維持されている状態である。
血圧は10³を超えない。H2O\xa0と公式。
分類
本態性高血圧
二次性高血圧
腎性
小児
喘鳴。"""


def page(number: int, text: str, *, ns: int = 0, redirect: bool = False) -> str:
    title = f"記事{number}"
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>{number}</id>"
        f"{'<redirect title="x" />' if redirect else ''}<revision><id>9{number}</id><timestamp>t</timestamp>"
        f"<contributor><username>山田</username><id>7</id></contributor><model>wikitext</model>"
        f'<text bytes="1" xml:space="preserve">{escape(text)}</text><sha1>x</sha1></revision></page>'
    )


def dump(*pages: str) -> bytes:
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">'
    return (head + INFO + "".join(pages) + "</mediawiki>").encode()


def test_the_text_of_an_article() -> None:
    assert plain_text(ARTICLE, frozenset(["fichier", "ファイル", "catégorie"])) == TEXT


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("", ""),
        ("a\n\n\nb", "a\nb"),
        ("== 空 ==\n== 次 ==\n文。\n=== 末 ===", "次\n文。"),
        ("== 親 ==\n=== 子 ===\n文。", "親\n子\n文。"),
        ("{{a|{{b}}|[[c]]}}文", "文"),
        ("{| \n| 閉じない\n本文。", "本文。"),
        ("閉じない{{テンプレート\n本文", "閉じない{{テンプレート\n本文"),
        ("<nowiki>[[a]]</nowiki>と<code>x</code>", "[[a]]とx"),
        ("[[:Category:病]]と[[Category:病|ひ]]", ":Category:病と"),
        ("__NOTOC__本文__目次非表示__", "本文"),
        ("5<sup>注1</sup>と10<sup>-6</sup>、CO<sub>2</sub>", "5注1と10⁻⁶、CO2"),
        ("; 用語\n: 説明\n# 一\n** 二", "用語\n説明\n一\n二"),
        ("[http://a.jp]と[[病気|'''病''']]と[[病気#原因|]]", "と病と"),
        ("<math>x^2</math>を<del>5mg</del>10mg", "を10mg"),
        ("<ref>[[a]]<br></ref><ref name=x />後", "後"),
        ("&lt;b&gt;&#x764C;&alpha;", "<b>癌α"),
    ],
)
def test_wikitext(wikitext: str, text: str) -> None:
    assert plain_text(wikitext) == text


@pytest.mark.parametrize("name", ["w.xml", "w.xml.bz2", "jawiki-20240101-pages-articles1.xml-p1p9.bz2"])
def test_articles_of_a_dump(tmp_path: Path, name: str) -> None:
    pages = [page(5, ARTICLE), page(6, "会話", ns=1), page(7, "#転送 [[a]]", redirect=True), page(8, "本文。")]
    data = dump(*pages)
    if name.endswith("bz2"):  # several streams, as in the multistream dumps
        data = bz2.compress(data[:700]) + bz2.compress(data[700:])
    put(tmp_path / "in" / name, data)
    documents, report = clean(tmp_path)
    assert documents == [
        {"text": ncvc.clean(TEXT), "title": "記事5", "id": 5},
        {"text": "本文。", "title": "記事8", "id": 8},
    ]
    assert report["documents"]["in"] == 2


def test_what_cannot_be_read_of_a_dump(tmp_path: Path) -> None:
    whole = dump(page(5, "長い。" * 2000), page(6, "本文。"), page(7, "終わり。"))
    put(tmp_path / "in/w.xml", whole)
    documents, _ = clean(tmp_path, on_error="quarantine", longest_line=5000)
    assert [document["id"] for document in documents] == [6, 7]
    assert quarantine(tmp_path) == [("w.xml", 5, "line_too_long")]
    put(tmp_path / "in/w.xml", whole[:-60])
    clean(tmp_path, on_error="quarantine")
    assert quarantine(tmp_path) == [("w.xml", 6, "damaged_file")]
    put(tmp_path / "in/w.xml", b'<!DOCTYPE m [<!ENTITY a "aa">]>' + whole)
    clean(tmp_path, on_error="quarantine")
    assert quarantine(tmp_path) == [("w.xml", 0, "damaged_file")]


def test_other_xml_is_named(tmp_path: Path) -> None:
    put(tmp_path / "in/fhir.xml", b'<Patient xmlns="http://hl7.org/fhir"></Patient>')
    put(tmp_path / "in/w.xml", dump(page(8, "本文。")))
    with pytest.raises(ncvc.NcvcError, match=r"1 \.xml, such as fhir\.xml \(write its texts as JSON lines"):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert len(documents) == 1
    assert report["sources"][0]["skipped"] == {".xml": 1}
