"""Word and PDF: files of hand-written XML and PDF operators."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import ncvc
from ncvc.documents.word import read_docx
from tests.documents.test_sources import clean, put, quarantine, texts

pytest.importorskip("pypdfium2")

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def t(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def raised(text: str) -> str:
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{text}</w:t></w:r>'


def docx(*body: str, **parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document {W} {MC}><w:body>{''.join(body)}</w:body></w:document>")
        for name, xml in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {W}>{xml}</w:{name}>")
    return out.getvalue()


RUBY = f"<w:r><w:ruby><w:rt>{t('ぜんめい')}</w:rt><w:rubyBase>{t('喘鳴')}</w:rubyBase></w:ruby></w:r>"
DELETED = "<w:del><w:r><w:delText>5mg</w:delText></w:r></w:del>"
INSERTED = f"<w:ins>{t('10mg')}</w:ins>"
CONTROL = f"<w:sdt><w:sdtContent>{p(t('主訴'), f'<w:sdt><w:sdtContent>{t(":発熱")}</w:sdtContent></w:sdt>')}</w:sdtContent></w:sdt>"
BOX = (
    f"<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{p(t('囲み'))}</w:txbxContent></mc:Choice>"
    f"<mc:Fallback><w:txbxContent>{p(t('囲み'))}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
)
CELL = "<w:tc>{}</w:tc>"
TABLE = (
    f"<w:tbl><w:tr>{CELL.format(p(t('薬剤')))}{CELL.format(p(t('用量')))}</w:tr>"
    f"<w:tr>{CELL.format(p(t('アムロジピン')) + p(t('錠')))}{CELL.format(p(t('5mg')))}</w:tr></w:tbl>"
)
HIDDEN = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隠し</w:t></w:r>"
FIELD = "<w:r><w:instrText>DATE</w:instrText></w:r>"


def text_of(tmp_path: Path, *body: str, **parts: str) -> Any:
    (_, found), *others = read_docx(put(tmp_path / "a.docx", docx(*body, **parts)), 10_000)
    assert not others
    return found["text"] if isinstance(found, dict) else found.reason


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p(t("患者は"), RUBY, t("を訴えた。")), "患者は喘鳴を訴えた。"),
        (p(t("内服"), DELETED, INSERTED), "内服10mg"),
        (CONTROL + p(t("現病歴")), "主訴:発熱\n現病歴"),
        (p(t("本文"), BOX), "囲み\n本文"),
        (TABLE + p(t("以上")), "薬剤\t用量\nアムロジピン 錠\t5mg\n以上"),
        (p(t("10"), raised("3"), t("/μL、文献"), raised("注1")), "10³/μL、文献注1"),
        (p(t("a"), "<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", HIDDEN, FIELD), "a\tb\nc"),
        (p(t("癌")) + p() + p(t("&lt;b&gt;")), "癌\n<b>"),
        (p('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', t("高血圧")), "☑高血圧"),
        ("", ""),
    ],
)
def test_the_text_of_word(tmp_path: Path, body: str, text: str) -> None:
    assert text_of(tmp_path, body) == text


def test_notes_come_last(tmp_path: Path) -> None:
    assert text_of(tmp_path, p(t("本文")), footnotes=p(t("脚注")), header1=p(t("頁眉"))) == "本文\n脚注"


def test_word_files_that_cannot_be_read(tmp_path: Path) -> None:
    whole = docx(p(t("高血圧。" * 500)))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    entity = zipfile_with('<!DOCTYPE d [<!ENTITY a "aa">]><w:document/>')
    cases = {
        "damaged_file": [b"", whole[:200], ole, entity, zipfile_with("<a>"), b"PK\x03\x04"],
        "encrypted": [ole + "EncryptedPackage".encode("utf-16le")],
        "line_too_long": [whole],
    }
    for reason, files in cases.items():
        for data in files:
            assert [e.reason for _, e in read_docx(put(tmp_path / "a.docx", data), 1000)] == [reason]
    put(tmp_path / "in/a.docx", cases["encrypted"][0])
    put(tmp_path / "in/b.docx", docx(p(t("本文。"))))
    with pytest.raises(ncvc.InputError, match=r"a\.docx:0: the file is encrypted; save it without a password"):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == ["本文。"]
    assert quarantine(tmp_path) == [("a.docx", 0, "encrypted")]
    assert report["documents"] == {"in": 2, "out": 1, "dropped": 0, "quarantined": 1}


def zipfile_with(document: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", document)
    return out.getvalue()


# --- PDF ---------------------------------------------------------------------------------------------------

IMAGE = "q 100 0 0 100 50 500 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x80 EI Q"


def pdf(*pages: str, trailer: str = "", objects: tuple[str, ...] = ()) -> bytes:
    """A PDF file with these pages, in operators; /J is a Japanese font in UTF-16, /L a Latin one."""
    first = 6
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(pages)))
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /UniJIS-UTF16-H /DescendantFonts [4 0 R] >>"
    )
    descendant = (
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /DW 1000"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor << /Type"
        " /FontDescriptor /FontName /Ryumin-Light /Flags 4 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80"
        " /ItalicAngle 0 /FontBBox [0 -120 1000 880] >> >>"
    )
    latin = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    found = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    found += [font, descendant, latin]
    for i, page in enumerate(pages):
        found.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * i + 1} 0 R"
            " /Resources << /Font << /J 3 0 R /L 5 0 R >> >> >>"
        )
        found.append(f"<< /Length {len(page.encode('latin-1'))} >>\nstream\n{page}\nendstream")
    out = b"%PDF-1.5\n"
    offsets = []
    for i, each in enumerate([*found, *objects], 1):
        offsets.append(len(out))
        out += f"{i} 0 obj\n{each}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(offsets) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n"
    return out + end.encode() + f"startxref\n{len(out)}\n%%EOF".encode()


def written(*lines: str, size: int = 12, x: int = 50, y: int = 800) -> str:
    shown = "".join(f"<{line.encode('utf-16be').hex()}> Tj T* " for line in lines)
    return f"BT /J {size} Tf {size * 1.5} TL {x} {y} Td {shown}ET"


FULL = "患者は高血圧のため当院に通院中であり降圧薬を内服していたが昨日より発熱"


def test_lines_of_a_paragraph_are_joined(tmp_path: Path) -> None:
    put(tmp_path / "in/a.pdf", pdf(written("既往歴", FULL, "を認めた。", "腹痛なし") + written("別の段落。", y=500)))
    documents, report = clean(tmp_path)
    assert texts(documents) == [f"既往歴\n{FULL}を認めた。\n腹痛なし\n別の段落。"]
    assert report["sources"][0]["files"] == [{"path": str(tmp_path / "in/a.pdf"), "documents": 1}]


def test_raised_digits_are_superscripts(tmp_path: Path) -> None:
    page = (
        f"BT /J 12 Tf 50 700 Td <{'白血球5.2×10'.encode('utf-16be').hex()}> Tj /L 7 Tf 5 Ts (3) Tj /L 12 Tf 0 Ts"
        " (/uL CO) Tj /L 7 Tf -3 Ts (2) Tj ET"
    )
    put(tmp_path / "in/a.pdf", pdf(page))
    documents, _ = clean(tmp_path)
    assert texts(documents) == [ncvc.clean("白血球5.2×10³/uL CO2")]


def test_pages_without_text_are_named(tmp_path: Path) -> None:
    scanned, blank, good = IMAGE, "", written("所見あり。")
    put(tmp_path / "in/a.pdf", pdf(good, scanned, blank, good))
    put(tmp_path / "in/b.pdf", pdf(scanned, scanned))
    put(tmp_path / "in/c.pdf", pdf(blank))
    with pytest.raises(ncvc.InputError, match=r"a\.pdf:2: it holds no text, like a scan; recognise its text with OCR"):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == ["所見あり。\n所見あり。"]
    assert quarantine(tmp_path) == [("a.pdf", 2, "no_text"), ("b.pdf", 0, "no_text")]
    assert report["reasons"] == {"empty_after_cleaning": 1, "no_text": 2}
    assert report["documents"] == {"in": 3, "out": 1, "dropped": 1, "quarantined": 1}


def test_pdf_files_that_cannot_be_read(tmp_path: Path) -> None:
    whole = pdf(written(*["高血圧。"] * 30))
    encrypt = f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>"
    locked = pdf(written("秘密"), trailer="/Encrypt 8 0 R /ID [<00><00>]", objects=(encrypt,))
    for data, reason in ((b"", "damaged_file"), (b"%PDF-1.5\n", "damaged_file"), (locked, "encrypted")):
        put(tmp_path / "in/a.pdf", data)
        clean(tmp_path, on_error="quarantine")
        assert quarantine(tmp_path) == [("a.pdf", 0, reason)]
    put(tmp_path / "in/a.pdf", whole)
    clean(tmp_path, on_error="quarantine", longest_line=100)
    assert quarantine(tmp_path) == [("a.pdf", 0, "line_too_long")]
    for i in range(0, len(whole), 61):
        put(tmp_path / "in/a.pdf", whole[:i] + bytes([whole[i] ^ 0x11]) + whole[i + 1 :])
    clean(tmp_path, on_error="quarantine")


def test_without_the_extra_there_is_one_sentence(tmp_path: Path) -> None:
    put(tmp_path / "in/a.pdf", pdf(written("所見")))
    (tmp_path / "a.yaml").write_text("sources: [{name: a, inputs: [in]}]\noutput: out\n", encoding="utf-8")
    program = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'pypdfium2' else find(name, *rest)\n"
        f"sys.argv = ['ncvc', 'preprocess', {str(tmp_path / 'a.yaml')!r}, '--to', 'text']\n"
        "from ncvc.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a.pdf: reading it needs pypdfium2; run pip install 'ncvc[office]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "in"]
