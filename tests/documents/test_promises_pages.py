"""Pages: no character is lost by its markup, boilerplate goes, the main text stays whole and in order."""

import html.parser
import random
import time
from pathlib import Path

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, check, preprocess, run_cases, write

HEAD = "糖尿病は、血糖値が慢性的に高くなる病気です。インスリンの作用が不足することで起こります。"
TAIL = "合併症には網膜症、腎症、神経障害があります。早めの受診が大切で、定期的に検査を受けてください。"

# Grades 1 and 2 of primary school, and words of clinics.
KANJI = (
    "一右雨円王音下火花貝学気九休玉金空月犬見五口校左三山子四糸字耳七車手十出女小上森人水正生青夕石赤千川先早草足"
    "村大男竹中虫町天田土二日入年白八百文木本名目立力林六引羽雲園遠何科夏家歌画回会海絵外角楽活間丸岩顔汽記帰弓牛"
    "魚京強教近兄形計元言原戸古午後語工公広交光考行高黄合谷国黒今才細作算止市矢姉思紙寺自時室社弱首秋週春書少場色"
    "食心新親図数西声星晴切雪船線前組走多太体台地池知茶昼長鳥朝直通弟店点電刀冬当東答頭同道読内南肉馬売買麦半番父"
    "風分聞米歩母方北毎妹万明鳴毛門夜野友用曜来里理話癌悪性肺炎症病院医師看護薬剤投与量血糖尿腎臓肝胃腸脳神経眼鼻"
    "咳痰熱痛腫瘍検査所見右左陽陰骨折関節皮膚疹麻痺障害治療術後既往歴喘息圧脈拍呼吸"
)
WRAPPED = {
    "b": "<p>この<b>{0}</b>は</p>",
    "i": "<p>この<i>{0}</i>は</p>",
    "span": "<p>この<span class=x>{0}</span>は</p>",
    "strong_em": "<p><strong><em>{0}</em></strong>のこと</p>",
    "a": "<p>この文の中にある<a href='/x'>{0}</a>という字は本文です。</p>",
    "li": "<ul><li>{0}</li><li>次の項目</li></ul>",
    "dd": "<dl><dt>項目の名前</dt><dd>{0}</dd></dl>",
    "p": "<p>{0}</p>",
    "div": "<div>{0}</div>",
    "ruby": "<p>この<ruby>{0}<rp>(</rp><rt>よみ</rt><rp>)</rp></ruby>は</p>",
    "td": "<table><tr><th>項目</th><td>{0}</td></tr><tr><th>性別</th><td>女</td></tr></table>",
    "th": "<table><tr><th>{0}</th><td>値です</td></tr><tr><th>性別</th><td>女</td></tr></table>",
    "font": "<p>この<font color=red>{0}</font>は</p>",
    "entity": "<p>この<b>&#x{1:x};</b>は</p>",
}
SINGLES = "ー−+±<>≧℃%？！あアA5αβ"


def page(body: str, head: str = '<meta charset="utf-8">', title: str = "題名") -> bytes:
    """A page whose main text is longer than what is looked at in it."""
    return (
        f"<!DOCTYPE html><html><head>{head}<title>{title}</title></head><body><article>"
        f"<p>{HEAD}</p>{body}<p>{TAIL}</p></article></body></html>"
    ).encode()


# Body of a page → what stands between its first and its last paragraph.
BODIES = {
    "sup_digits": ("<p>白血球は10<sup>3</sup>と10<sup>-6</sup>です。</p>", "白血球は10³と10⁻⁶です。"),
    "sup_minus": ("<p>濃度は10<sup>−6</sup>です。</p>", "濃度は10⁻⁶です。"),
    "sup_unit": ("<p>面積は1.6m<sup>2</sup>です。</p>", "面積は1.6m²です。"),
    "sup_style": (
        '<p>白血球は10<span style="vertical-align: super">3</span>です。</p>',
        "白血球は10³です。",
    ),
    "sub": ("<p>CO<sub>2</sub>とH<sub>2</sub>Oです。</p>", "CO2とH2Oです。"),
    "ion": ("<p>Ca<sup>2+</sup>の値です。</p>", "Ca²⁺の値です。"),
    "sup_note": ("<p>治療します<sup>[1]</sup>。次です。</p>", "治療します[1]。次です。"),
    "sup_letters": ("<p>第5<sup>th</sup>版です。</p>", "第5th版です。"),
    "del": ("<p>投与量は<del>10mg</del><ins>5mg</ins>に変更。</p>", "投与量は5mgに変更。"),
    "s": ("<p>判定は<s>不要</s>必要です。<strike>古い</strike></p>", "判定は必要です。"),
    "hidden": ("<p>見える。</p><p hidden>隠れる。</p><div hidden=''>隠れる。</div>", "見える。"),
    "display_none": ('<p>見える。</p><p style="display:none">隠れる。</p>', "見える。"),
    "display_none_spaced": ('<p>見える。</p><p style="color: red; DISPLAY : none !important">隠れる。</p>', "見える。"),
    "aria_hidden": ('<p>見える。<span aria-hidden="true">隠れる。</span></p>', "見える。"),
    "aria_shown": ('<p>見える。<span aria-hidden="false">これも。</span></p>', "見える。これも。"),
    "details": (
        "<details><summary>詳細</summary>折りたたみの本文です。</details>",
        "詳細\n折りたたみの本文です。",
    ),
    "br": ("<p>一行目<br>二行目<br/>三行目</p>", "一行目\n二行目\n三行目"),
    "script": (
        "<p>前の文です。<script>var 隠 = 1;</script><style>p{}</style>後の文です。</p>",
        "前の文です。後の文です。",
    ),
    "comment": ("<p>前の文<!-- 隠れる <b>x</b> -->後の文です。</p>", "前の文後の文です。"),
    "wbr": ("<p>長い<wbr>言葉&shy;です。</p>", "長い言葉です。"),
    "newline_in_japanese": ("<p>改行が\n入った文\nです。</p>", "改行が入った文です。"),
    "entities": (
        "<p>A &lt; B &amp;&amp; C &gt; D、&hellip;&#12354;&#x3042;</p>",
        "A < B && C > D、…ああ",
    ),
    "table_rows": (
        "<table><tr><th>項目</th><th>値</th></tr><tr><td>尿糖</td><td>−</td></tr><tr><td>体温</td><td>38</td></tr></table>",
        "項目 値\n尿糖 −\n体温 38",
    ),
    "table_tbody": (
        "<table><thead><tr><th>項目<th>値</thead><tbody><tr><td>尿糖<td>−<tr><td>体温<td>38</tbody></table>",
        "項目 値\n尿糖 −\n体温 38",
    ),
    "list": ("<ul><li>熱</li><li>咳</li><li>頭痛</li></ul>", "熱\n咳\n頭痛"),
    "list_unclosed": ("<ul><li>熱<li>咳<li>頭痛</ul>", "熱\n咳\n頭痛"),
    "pre": ("<pre>一行目\n二行目</pre>", "一行目\n二行目"),
    "crossed_tags": ("<p>前の<b>太い<i>字</b>斜め</i>後。</p>", "前の太い字斜め後。"),
    "unclosed_b": ("<p>前の<b>太い字です。</p>", "前の太い字です。"),
    "unknown_element": ("<p>前の<foo-bar>中身</foo-bar>後。</p>", "前の中身後。"),
    "attributes_with_gt": ('<p title="a > b">本文です。</p>', "本文です。"),
    "attribute_without_quotes": ("<p class=a/b data-x='<b>'>本文です。</p>", "本文です。"),
    "cdata_in_text": ("<p>値は5<10です。</p>", "値は5<10です。"),
    "upper_case_tags": ("<P>この<B>癌</B>は悪性です。</P>", "この癌は悪性です。"),
    "ruby_rb": ("<p><ruby><rb>喘</rb><rt>ぜん</rt><rb>息</rb><rt>そく</rt></ruby>です。</p>", "喘息です。"),
    "ruby_bare": ("<p><ruby>喘<rt>ぜん</ruby><ruby>息<rt>そく</ruby>です。</p>", "喘息です。"),
    "headings": ("<h2>症状</h2><p>熱が出ます。</p>", "症状\n\n熱が出ます。"),
    "blockquote": ("<blockquote>患者の言葉です。</blockquote>", "患者の言葉です。"),
    "figure": ("<figure><img alt='絵' src=x><figcaption>図1 肺の断面</figcaption></figure>", "図1 肺の断面"),
    "dl": ("<dl><dt>診断</dt><dd>肺炎</dd><dt>年齢</dt><dd>60</dd></dl>", "診断\n肺炎\n年齢\n60"),
    "image_only": ("<p><img src=x alt='絵'></p>", ""),
    "form_kept_text": ("<form><p>問診票の文です。</p></form>", "問診票の文です。"),
}


def expected(middle: str) -> str:
    return "\n\n".join(part for part in (HEAD, middle, TAIL) if part)


def wrapped_text(wrapper: str, character: str) -> str:
    return {
        "a": f"この文の中にある{character}という字は本文です。",
        "strong_em": f"{character}のこと",
        "li": f"{character}\n次の項目",
        "dd": f"項目の名前\n{character}",
        "p": character,
        "div": character,
        "td": f"項目 {character}\n性別 女",
        "th": f"{character} 値です\n性別 女",
    }.get(wrapper, f"この{character}は")


CASES = [
    *(Case(f"body_{name}", {"a.html": page(body)}, [expected(middle)]) for name, (body, middle) in BODIES.items()),
    *(
        Case(
            f"alone_{name}",
            {f"{i:03}.html": page(form.format(c, ord(c))) for i, c in enumerate(SINGLES) if c not in "<>"},
            [expected(wrapped_text(name, c)) for c in SINGLES if c not in "<>"],
        )
        for name, form in WRAPPED.items()
    ),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("pages"), CASES)


@by_name(CASES)
def test_text_of_markup(output: Output, case: Case) -> None:
    check(output, case)


@pytest.fixture(scope="module")
def kanji(tmp_path_factory: pytest.TempPathFactory) -> Output:
    cases = [
        Case(name, {"a.html": page("".join(form.format(c, ord(c)) for c in KANJI))}, [])
        for name, form in WRAPPED.items()
    ]
    return run_cases(tmp_path_factory.mktemp("kanji"), cases)


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_no_kanji_is_lost(kanji: Output, wrapper: str) -> None:
    assert len(KANJI) >= 300
    (text,) = kanji.source(wrapper).texts
    squeezed = "".join(text.split()).replace("▁", "")
    missing = [
        c for c in KANJI if "".join(ncvc.clean(wrapped_text(wrapper, c)).split()).replace("▁", "") not in squeezed
    ]
    assert missing == []
    middle = "".join(wrapped_text(wrapper, c) for c in KANJI)
    assert squeezed == "".join(f"{HEAD}{middle}{TAIL}".split())


SENTENCES = [
    "朝から熱があり、外来を受診しました。",
    "胸部の写真では右の肺に影が見られます。",
    "抗菌薬を始めて、三日目に熱が下がりました。",
    "食事は半分ほど取れています。",
    "痛みは軽くなり、夜も眠れるようになりました。",
    "血液の検査では炎症の値が下がっています。",
    "家族と相談し、退院の日を決めました。",
    "次の外来は二週間後の予定です。",
]
AROUND = [
    "<nav><ul><li><a href=/>ホーム</a></li><li><a href=/a>診療科</a></li><li><a href=/b>交通案内</a></li></ul></nav>",
    "<header><div class=gnav><a href=/>ホーム</a> <a href=/a>診療科</a> <a href=/b>交通案内</a></div></header>",
    "<div id=sidebar><ul><li><a href=/1>新着情報</a></li><li><a href=/2>採用情報</a></li></ul></div>",
    "<footer><p>Copyright 甲乙病院</p><ul><li><a href=/p>個人情報保護方針</a></li></ul></footer>",
    "<div class=breadcrumbs><a href=/>トップ</a> &gt; <a href=/a>病気</a> &gt; 肺炎</div>",
    "<div role=navigation><a href=/x>サイトマップ</a><a href=/y>お問い合わせ</a></div>",
]
OUTSIDE = (
    "ホーム",
    "交通案内",
    "新着情報",
    "採用情報",
    "個人情報保護方針",
    "トップ",
    "サイトマップ",
    "お問い合わせ",
    "Copyright",
)


def made_up(seed: int) -> tuple[bytes, str]:
    """A page with random markup in its main text, and that text."""
    chance = random.Random(seed)
    paragraphs, blocks = [], []
    for _ in range(chance.randint(3, 12)):
        sentences = chance.choices(SENTENCES, k=chance.randint(1, 4))
        paragraphs.append("".join(sentences))
        written = "".join(sentences)
        for _ in range(chance.randint(0, 6)):
            at = chance.randrange(len(written))
            if written[at] not in "<>/abcdefghijklmnopqrstuvwxyz= ":
                tag = chance.choice(["b", "i", "em", "span", "strong", "u", "mark", "small"])
                written = f"{written[:at]}<{tag}>{written[at]}</{tag}>{written[at + 1 :]}"
        blocks.append(
            chance.choice(["<p>{}</p>", "<div>{}</div>", "<section><p>{}</p></section>", "<p>{}"]).format(written)
        )
    around = chance.sample(AROUND, k=chance.randint(1, 4))
    before, after = around[: len(around) // 2], around[len(around) // 2 :]
    shell = chance.choice(["<article>{}</article>", "<main>{}</main>", "<div id=content>{}</div>", "{}"])
    body = "\n".join([*before, shell.format("\n".join(blocks)), *after])
    return f"<html><head><meta charset=utf-8><title>肺炎</title></head><body>{body}</body></html>".encode(), "\n".join(
        paragraphs
    )


class Visible(html.parser.HTMLParser):
    """Collects the text of a page's body."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def test_main_text_is_whole_and_in_order(tmp_path: Path) -> None:
    pages = [made_up(seed) for seed in range(60)]
    write(tmp_path / "in", {f"{i:03}.html": content for i, (content, _) in enumerate(pages)})
    output = preprocess(tmp_path, [{"name": "pages", "inputs": ["in"]}])
    read = output.source("pages")
    assert len(read.texts) == len(pages)
    for seed, (text, (content, main)) in enumerate(zip(read.texts, pages, strict=True)):
        assert [line for line in text.split("\n") if line] == main.split("\n"), seed
        assert not [word for word in OUTSIDE if word in text], seed
        visible = Visible()
        visible.feed(content.decode())
        rest = iter(visible.text)
        assert all(c in rest for c in text if not c.isspace()), seed


CHARSETS = {
    "meta_shift_jis": ("cp932", '<meta charset="Shift_JIS">'),
    "meta_x_sjis": ("cp932", '<meta charset="x-sjis">'),
    "meta_http_equiv": ("cp932", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
    "meta_euc": ("euc_jp", '<meta charset="EUC-JP">'),
    "meta_iso2022": ("iso2022_jp", '<meta charset="ISO-2022-JP">'),
    "meta_upper": ("euc_jp", '<META HTTP-EQUIV="content-type" CONTENT="text/html;charset=euc-jp">'),
    "meta_utf8_lies_sjis": ("cp932", '<meta charset="utf-8">'),
    "meta_latin1_lies_utf8": ("utf-8", '<meta charset="iso-8859-1">'),
    "meta_sjis_lies_utf8": ("utf-8", '<meta charset="shift_jis">'),
    "bom_utf8": ("utf-8-sig", ""),
    "bom_utf8_lying_meta": ("utf-8-sig", '<meta charset="euc-jp">'),
    "bom_utf16": ("utf-16", ""),
    "none_utf8": ("utf-8", ""),
    "none_sjis": ("cp932", ""),
    "none_euc": ("euc_jp", ""),
    "none_iso2022": ("iso2022_jp", ""),
}
CHARSET_CASES = [
    Case(name, {"a.html": page("<p>肺炎と診断。</p>", head).decode().encode(encoding)}, [expected("肺炎と診断。")])
    for name, (encoding, head) in CHARSETS.items()
]


@pytest.fixture(scope="module")
def charsets(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("charsets"), CHARSET_CASES)


@by_name(CHARSET_CASES)
def test_charset(charsets: Output, case: Case) -> None:
    check(charsets, case)


DEEP = {
    "divs": ("<div>", "</div>"),
    "bold": ("<b>", "</b>"),
    "spans": ("<span>", "</span>"),
    "tables": ("<table><tr><td>", "</td></tr></table>"),
    "lists": ("<ul><li>", "</li></ul>"),
    "unclosed_divs": ("<div>", ""),
    "unclosed_p": ("<p>", ""),
    "quotes": ("<blockquote>", "</blockquote>"),
    "font_unclosed": ("<font>", ""),
}


def test_deep_pages_end_and_are_named(tmp_path: Path) -> None:
    """Two megabytes of nesting each end within seconds, set aside or with their text, beside a page that is read."""
    deep = {}
    for name, (begin, end) in DEEP.items():
        times = 2_000_000 // len(begin + end)
        deep[f"{name}.html"] = page(begin * times + "深い所の本文です。" + end * times)
    write(tmp_path / "in-deep", {**deep, "zz.html": page("<p>普通の頁です。</p>")})
    started = time.monotonic()
    output = preprocess(tmp_path, [{"name": "deep", "inputs": ["in-deep"]}])
    assert time.monotonic() - started < 60
    read = output.source("deep")
    named = {Path(q["file"]).name for q in read.quarantine}
    assert "divs.html" in named
    assert len(read.texts) + len(named) == len(deep) + 1
    assert all("深い所の本文です。" in text for text in read.texts[:-1])
    assert read.texts[-1] == ncvc.clean(expected("普通の頁です。"))
    assert "page_too_complex" in output.process.stdout + output.process.stderr
