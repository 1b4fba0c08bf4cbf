"""Word and PDF: files written here part by part, and the text that a reader sees in them."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, check, preprocess, run_cases, write

A, B, C = "肺炎と診断した。", "抗菌薬を始めた。", "三日で解熱した。"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACES = (
    f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def table(*rows: Sequence[str]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(run(cell))}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def docx(body: str, **parts: str) -> bytes:
    """A document with this body; `parts` are further parts of the package in `word/`."""
    types = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{types}.document.main+xml"/>'
        + "".join(f'<Override PartName="/word/{name}.xml" ContentType="{types}.{name}+xml"/>' for name in parts)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(f'<Relationship Id="r{name}" Type="{office}/{name}" Target="{name}.xml"/>' for name in parts)
        + "</Relationships>",
        "word/document.xml": f"<w:document {SPACES}><w:body>{body}<w:sectPr/></w:body></w:document>",
        **{f"word/{name}.xml": content for name, content in parts.items()},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return file.getvalue()


BOX = (
    "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx><w:txbxContent>{0}</w:txbxContent></wps:txbx>"
    "</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox></w:pict>"
    "</mc:Fallback></mc:AlternateContent></w:r>"
)
NOTES = (
    f'<w:footnotes {SPACES}><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
    f'<w:footnote w:id="2">{paragraph(run(C))}</w:footnote></w:footnotes>'
)
PLAIN = docx(paragraph(run(A)) + paragraph(run(B)))
RUBY = "<w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>ぜんそく</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>喘息</w:t></w:r></w:rubyBase></w:ruby></w:r>"
DOCX = [
    Case("plain", {"a.docx": PLAIN}, [f"{A}\n{B}"]),
    Case("runs", {"a.docx": docx(paragraph(run("肺"), run("炎", "<w:b/>"), run("と診断した。")))}, [A]),
    Case(
        "spaces",
        {"a.docx": docx(paragraph(run("WBC "), run("12,300"), "<w:r><w:tab/></w:r>", run("高値")))},
        ["WBC 12,300\t高値"],
    ),
    Case("break", {"a.docx": docx(paragraph(run(A), "<w:r><w:br/></w:r>", run(B)))}, [f"{A}\n{B}"]),
    Case(
        "table", {"a.docx": docx(paragraph(run(A)) + table(["項目", "値"], ["尿糖", "−"]))}, [f"{A}\n項目\t値\n尿糖\t−"]
    ),
    Case(
        "table_order",
        {"a.docx": docx(paragraph(run(A)) + table(["体温", "38"]) + paragraph(run(B)))},
        [f"{A}\n体温\t38\n{B}"],
    ),
    Case(
        "insertion",
        {
            "a.docx": docx(
                paragraph(run("投与量は"), f'<w:ins w:id="1" w:author="x">{run("5mg")}</w:ins>', run("です。"))
            )
        },
        ["投与量は5mgです。"],
    ),
    Case(
        "deletion",
        {
            "a.docx": docx(
                paragraph(
                    run("投与量は"),
                    '<w:del w:id="1" w:author="x"><w:r><w:delText>10mg</w:delText></w:r></w:del>',
                    run("5mgです。"),
                )
            )
        },
        ["投与量は5mgです。"],
    ),
    Case(
        "moved",
        {
            "a.docx": docx(
                paragraph(f'<w:moveFrom w:id="1" w:author="x">{run(B)}</w:moveFrom>', run(A))
                + paragraph(f'<w:moveTo w:id="2" w:author="x">{run(B)}</w:moveTo>')
            )
        },
        [f"{A}\n{B}"],
    ),
    Case("hidden", {"a.docx": docx(paragraph(run(A), run("隠れた文。", "<w:vanish/>")))}, [A]),
    Case("link", {"a.docx": docx(paragraph(f'<w:hyperlink r:id="x">{run(A)}</w:hyperlink>'))}, [A]),
    Case(
        "control",
        {"a.docx": docx(f"<w:sdt><w:sdtContent>{paragraph(run(A))}</w:sdtContent></w:sdt>" + paragraph(run(B)))},
        [f"{A}\n{B}"],
    ),
    Case("ruby", {"a.docx": docx(paragraph(run("気管支"), RUBY, run("です。")))}, ["気管支喘息です。"]),
    Case(
        "superscript",
        {"a.docx": docx(paragraph(run("白血球は10"), run("3", '<w:vertAlign w:val="superscript"/>'), run("です。")))},
        ["白血球は10³です。"],
    ),
    Case(
        "subscript",
        {"a.docx": docx(paragraph(run("CO"), run("2", '<w:vertAlign w:val="subscript"/>'), run("です。")))},
        ["CO2です。"],
    ),
    Case(
        "footnote",
        {
            "a.docx": docx(
                paragraph(run(A), '<w:r><w:footnoteReference w:id="2"/></w:r>') + paragraph(run(B)), footnotes=NOTES
            )
        },
        [f"{A}\n{B}\n{C}"],
    ),
    Case("entities", {"a.docx": docx(paragraph(run("A &lt; B &amp; C&#x764c;")))}, ["A < B & C癌"]),
    Case("capitals", {"A.DOCX": PLAIN}, [f"{A}\n{B}"]),
    Case("two_files", {"a.docx": PLAIN, "b.docx": docx(paragraph(run(C)))}, [f"{A}\n{B}", C]),
    Case("no_zip", {"a.docx": b"no archive", "b.docx": docx(paragraph(run(C)))}, [C], quarantined=1),
    Case("cut", {"a.docx": PLAIN[:-100], "b.docx": docx(paragraph(run(C)))}, [C], quarantined=1),
    Case("broken_xml", {"a.docx": docx("<w:p><w:r>"), "b.docx": docx(paragraph(run(C)))}, [C], quarantined=1),
    Case(
        "encrypted",
        {"a.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "b.docx": docx(paragraph(run(C)))},
        [C],
        1,
    ),
]


@pytest.fixture(scope="module")
def word(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("docx"), DOCX)


@by_name(DOCX)
def test_word(word: Output, case: Case) -> None:
    check(word, case)


def test_text_box_stands_once(tmp_path: Path) -> None:
    """A text box is written twice in a file, for new and for old programs."""
    body = paragraph(run(A), BOX.format(paragraph(run(B)))) + paragraph(run(C))
    (text,) = run_cases(tmp_path, [Case("box", {"a.docx": docx(body)}, [])]).source("box").texts
    assert sorted(text.split("\n")) == sorted([A, B, C])


def test_entities_do_not_multiply(tmp_path: Path) -> None:
    """Entities within entities are refused or bounded, and the next file is read."""
    levels = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    xml = f'<!DOCTYPE d [<!ENTITY e0 "肺">{levels}]><w:document {SPACES}><w:body>{paragraph(run("&e9;"))}</w:body></w:document>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "word/document.xml" else old.read(name))
    case = Case("bomb", {"a.docx": file.getvalue(), "b.docx": PLAIN}, [f"{A}\n{B}"], quarantined=1)
    check(run_cases(tmp_path, [case]), case)


def test_zeros_in_a_document_are_limited(tmp_path: Path) -> None:
    case = Case(
        "zeros", {"a.docx": docx(paragraph(run("0" * 30_000_000))), "b.docx": PLAIN}, [f"{A}\n{B}"], quarantined=1
    )
    check(run_cases(tmp_path, [case], longest_line=1_000_000), case)


def pdf(contents: Sequence[bytes], trailer: bytes = b"", image: bool = False, packed: bool = True) -> bytes:
    """A PDF with a page for each content stream; font F is of glyphs named by a map to Unicode, G is Helvetica."""
    characters = sorted(set(A + B + C))
    ranges = "".join(f"<{i + 1:04x}> <{ord(c):04x}>\n" for i, c in enumerate(characters))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <0000> <ffff> "
        f"endcodespacerange {len(characters)} beginbfchar {ranges} endbfchar endcmap end end"
    ).encode()

    def stream(content: bytes, more: bytes = b"") -> bytes:
        if packed:
            content, more = zlib.compress(content), more + b" /Filter /FlateDecode"
        return b"<< /Length %d %s >> stream\n%s\nendstream" % (len(content), more, content)

    resources = b"<< /Font << /F 3 0 R /G 6 0 R >> /XObject << /I 7 0 R >> >>"
    pages = [9 + 2 * i for i in range(len(contents))]
    picture = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % n for n in pages)),
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        4: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 1000 /FontDescriptor 8 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        5: stream(cmap),
        6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        7: stream(bytes(64), picture),
        8: b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 900 /Descent -100 "
        b"/CapHeight 900 /StemV 80 >>",
    }
    for number, content in zip(pages, contents, strict=True):
        box = b"/MediaBox [0 0 600 800]"
        objects[number] = b"<< /Type /Page /Parent 2 0 R %s /Resources %s /Contents %d 0 R >>" % (
            box,
            resources,
            number + 1,
        )
        objects[number + 1] = stream(content)
    written, places = b"%PDF-1.4\n", {}
    for number, content in sorted(objects.items()):
        places[number] = len(written)
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size = max(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(size))
    end = b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(written))
    return written + b"xref\n0 %d\n" % size + table + end


def shown(*lines: str) -> bytes:
    """A content stream that shows lines beneath each other."""
    characters = sorted(set(A + B + C))
    codes = ("".join(f"{characters.index(c) + 1:04x}" for c in line) for line in lines)
    return b"BT /F 12 Tf 50 700 Td " + b" ".join(f"<{code}> Tj 0 -30 Td".encode() for code in codes) + b" ET"


LATIN = b"BT /G 12 Tf 50 700 Td (WBC 12,300 and CRP 8.5) Tj ET"
SCAN = b"q 600 0 0 800 0 0 cm /I Do Q"
LOCKED = (
    b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
    b"/O <" + b"5a" * 32 + b"> /U <" + b"a5" * 32 + b"> >>"
)
GOOD = pdf([shown(C)])
PDF = [
    Case("one_page", {"a.pdf": pdf([shown(A)])}, [A]),
    Case("not_packed", {"a.pdf": pdf([shown(A)], packed=False)}, [A]),
    Case("latin", {"a.pdf": pdf([LATIN])}, ["WBC 12,300 and CRP 8.5"]),
    Case("capitals", {"A.PDF": GOOD}, [C]),
    Case("scanned", {"a.pdf": pdf([SCAN]), "b.pdf": GOOD}, [C], quarantined=1),
    Case("scanned_page", {"a.pdf": pdf([shown(A), SCAN])}, [A], quarantined=1),
    Case("encrypted", {"a.pdf": pdf([shown(A)], LOCKED), "b.pdf": GOOD}, [C], quarantined=1),
    Case("no_pdf", {"a.pdf": b"no pdf at all", "b.pdf": GOOD}, [C], quarantined=1),
    Case("only_a_header", {"a.pdf": b"%PDF-1.4\n", "b.pdf": GOOD}, [C], quarantined=1),
    Case("half", {"a.pdf": GOOD[: len(GOOD) // 3], "b.pdf": GOOD}, [C], quarantined=1),
    Case("wrong_startxref", {"a.pdf": GOOD.replace(b"startxref\n", b"startxref\n9")}, [C]),
]


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Output:
    pytest.importorskip("pypdfium2")
    return run_cases(tmp_path_factory.mktemp("pdf"), PDF)


@by_name(PDF)
def test_pdf(portable: Output, case: Case) -> None:
    check(portable, case)


def test_lines_and_pages_of_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (text,) = run_cases(tmp_path, [Case("lines", {"a.pdf": pdf([shown(A, B), shown(C)])}, [])]).source("lines").texts
    assert text.split() == [A, B, C]


def test_reasons_of_pdf(portable: Output) -> None:
    reasons = {
        name: [(q["line"], q["reason"]) for q in portable.source(name).quarantine]
        for name in ("scanned_page", "encrypted")
    }
    assert reasons == {"scanned_page": [(2, "no_text")], "encrypted": [(0, "encrypted")]}
    assert portable.source("scanned").quarantine[0]["reason"] == "no_text"
    printed = portable.process.stdout + portable.process.stderr
    assert "no_text" in printed
    assert "encrypted" in printed


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_stop_names_the_file(tmp_path: Path, name: str) -> None:
    if name.endswith("pdf"):
        pytest.importorskip("pypdfium2")
    write(tmp_path / "in", {name: b"neither"})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in"]}], ok=False, on_error="stop")
    assert output.process.returncode != 0
    assert name in output.process.stderr
    assert "Traceback" not in output.process.stderr
    assert not (tmp_path / "out").exists()
    assert ncvc.clean(A) not in output.process.stderr
