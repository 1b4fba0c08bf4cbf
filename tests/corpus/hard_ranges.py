"""Files whose ranges are hard to find, and a plain reading of them; by another author than the rules for ranges."""

import bz2
import gzip
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import zstandard

import ncvc

LONGEST = 3000
SHORTEST = 10
BOM = b"\xef\xbb\xbf"
SKIPPABLE = b"\x50\x2a\x4d\x18\x05\x00\x00\x00hello"

Row = tuple[int, str, str | None]
"""Line, reason or "", clean text where it is known."""


def line(number: int, text: str | None = None) -> str:
    """A document; every third one is too short, so that its line is in the output."""
    text = text or ("短い" if number % 3 == 0 else f"{number}番の患者は、熱が下がったので退院した。")
    return json.dumps({"id": number, "text": text}, ensure_ascii=False)


def paragraph(number: int) -> str:
    return "短い" if number % 3 == 0 else f"{number}番の患者は、\n熱が下がったので退院した。"


def joined(end: str, count: int = 12) -> str:
    return end.join(map(line, range(count)))


def frames(*pieces: bytes) -> bytes:
    return b"".join(map(zstandard.ZstdCompressor(write_checksum=True).compress, pieces))


def cut(raw: bytes, size: int) -> list[bytes]:
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def unsized(piece: bytes) -> bytes:
    """A frame that does not say how long its content is."""
    writer = zstandard.ZstdCompressor().compressobj()
    return writer.compress(piece) + writer.flush()


@dataclass(frozen=True)
class Case:
    """A file; `raw` is what its packing holds, of which `plain` has to come out."""

    raw: bytes
    stored: bytes | None = None
    name: str = "a.jsonl"
    format: str = "jsonl"
    encoding: str = "utf-8"
    """The encoding in which Python reads it."""
    set_encoding: str = "auto"
    split: bool = True
    """True if several readers read it."""
    rows: list[Row] | None = None
    """Rows where a plain reading says too little."""

    @property
    def plain(self) -> list[Row]:
        if self.rows is not None:
            return self.rows
        return list((json_rows if self.format == "jsonl" else paragraph_rows)(self.raw, self.encoding))


def decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def judged(number: int, text: str) -> Row:
    clean = ncvc.clean(text)
    if not clean:
        return number, "empty_after_cleaning", clean
    return number, "too_short" if len("".join(clean.split())) < SHORTEST else "", clean


def json_rows(raw: bytes, encoding: str) -> Iterator[Row]:
    undecodable = "invalid_utf8" if encoding == "utf-8" else "undecodable"
    raw = raw.removeprefix(BOM)
    for number, whole in enumerate(raw.split(b"\n" if b"\n" in raw else b"\r"), 1):
        if not whole.strip(b" \t\r"):
            continue
        text = decoded(whole, encoding)
        if len(whole) > LONGEST:
            yield number, "line_too_long", None
        elif text is None:
            yield number, undecodable, None
        else:
            try:
                value = json.loads(text)
            except ValueError:
                yield number, "malformed_json", None
                continue
            yield judged(number, value["text"]) if isinstance(value, dict) else (number, "not_an_object", None)


def paragraph_rows(raw: bytes, encoding: str) -> Iterator[Row]:
    raw = raw.removeprefix(BOM)
    end = b"\n" if b"\n" in raw[: 2**16] else b"\r"
    begun, held = 0, list[str | None]()
    for number, whole in enumerate([*raw.split(end), b""], 1):
        text = decoded(whole.removesuffix(b"\r"), encoding)
        if text is None or text.strip():
            begun = begun or number
            held.append(text)
        elif begun:
            good = [each for each in held if each is not None]
            if len(good) == len(held):
                yield judged(begun, "\n".join(good))
            else:
                yield begun, "undecodable", None
            begun, held = 0, []


LF, CR, CRLF = joined("\n"), joined("\r"), joined("\r\n")
PARAGRAPHS = [paragraph(number) for number in range(12)]
# Characters whose second byte in Shift_JIS is a backslash, a bar, a bracket, or @ ~ { }.
TRAILS = "表ソ能予十欺構申暴貼禄兔喀媾彌拿杤歃濬畚秉綵臀藹觸軆鐔饅鷭ポ畜ミ　ァム円Ａａ"
SJIS = "\n".join(line(n, f"{n}番、表示{TRAILS}能十ソ") if n % 2 else line(n) for n in range(10)) + "\n"
EUC = SJIS.replace("鷭", "")

JSON_LINES: dict[str, Case] = {
    "lf": Case(LF.encode() + b"\n"),
    "no end": Case(LF.encode()),
    "crlf": Case(CRLF.encode() + b"\r\n"),
    "cr": Case(CR.encode() + b"\r"),
    "cr no end": Case(CR.encode()),
    "cr among lf": Case((LF + "\r" + LF + "\r\n" + LF + "\n\r" + LF).encode()),
    "lf at last": Case(CR.encode() + b"\n"),
    "blank lines": Case(("\n" * 300).join([line(n) for n in range(4)]).encode()),
    "blank first": Case(b"\n" * 400 + b" \r\n\t\n" * 40 + LF.encode() + b"\n" * 400),
    "only blank": Case(b" \t\r\n" * 200, rows=[]),
    "separators": Case("\n".join(line(n, f"{n}行\u2028目\u0085は\u2029熱が下がった") for n in range(9)).encode()),
    "control characters": Case("\n".join(line(n).replace("番", "\x0b\x0c\x1c番") for n in range(9)).encode()),
    "marks": Case(BOM + LF.encode() + b"\n"),
    "marks at each line": Case(BOM + b"\n".join(BOM + line(n).encode() for n in range(9))),
    "long lines": Case("\n".join(line(n, f"{n}" + "熱が下がった。" * 40) for n in range(1, 6)).encode()),
    "too long": Case("\n".join([line(1), line(2, "熱" * LONGEST), line(3), line(4, "痛" * LONGEST)]).encode()),
    "too long without end": Case(line(1).encode() + b"\n" + b"a" * (3 * LONGEST)),
    "nul": Case(LF.replace("番", "\0番").encode() + b"\n"),
    "nul lines": Case(b"\n".join([line(n).encode() + b"\n" + bytes(90) for n in range(5)])),
    "nul at the end": Case(LF.encode() + b"\n" + bytes(500)),
    "invalid": Case(b"\n".join(line(n).encode() if n % 4 else b'{"text": "\xe7\x86"}' for n in range(12))),
    "invalid at each border": Case(b"\n".join(b"\x86\xb1" + line(n).encode() + b"\xe7" for n in range(9))),
    "another encoding later": Case(LF.encode() + b"\n" + LF.encode("cp932") + b"\n" + LF.encode("euc_jp")),
    "ascii at first": Case(json.dumps({"text": "a" * 900}).encode() + b"\n" + LF.encode() + b"\n\xff\n"),
    "arrays later": Case((LF + "\n" + "\n".join(f"[{line(n)}]" for n in range(9))).encode()),
    "scalars": Case(("null\n1\n" * 20 + LF).encode()),
    "indented objects": Case(
        "\n".join(json.dumps(json.loads(line(n)), indent=2) for n in range(9)).encode(),
        rows=[(n, "malformed_json" if n % 4 < 2 else "not_an_object", None) for n in range(1, 37)],
    ),
    "shift_jis": Case(SJIS.encode("cp932"), encoding="cp932"),
    "shift_jis set": Case(SJIS.encode("cp932"), encoding="cp932", set_encoding="shift_jis"),
    "shift_jis crlf": Case(SJIS.replace("\n", "\r\n").encode("cp932"), encoding="cp932"),
    "shift_jis cut": Case(
        b"\n".join([line(n).encode("cp932") + b"\x81" * (n % 2) for n in range(12)]),
        encoding="cp932",
        set_encoding="shift_jis",
    ),
    "euc-jp": Case(EUC.encode("euc_jp"), encoding="euc_jp"),
    "euc-jp set": Case(EUC.encode("euc_jp"), encoding="euc_jp", set_encoding="euc-jp"),
    "euc-jp cut": Case(
        b"\n".join([line(n).encode("euc_jp") + b"\x8f" * (n % 2) for n in range(12)]),
        encoding="euc_jp",
        set_encoding="euc-jp",
    ),
    "iso-2022-jp": Case(LF.encode("iso2022_jp"), encoding="iso2022_jp", split=False),
    "gzip": Case(LF.encode(), gzip.compress(LF.encode()), "a.jsonl.gz", split=False),
    "bzip2": Case(LF.encode(), bz2.compress(LF.encode()), "a.jsonl.bz2", split=False),
    "xz": Case(LF.encode(), lzma.compress(LF.encode()), "a.jsonl.xz", split=False),
}


def framed(pieces: list[bytes], stored: bytes | None = None, **more: Any) -> Case:
    """Pieces in frames of their own, or stored as is said."""
    return Case(b"".join(pieces), frames(*pieces) if stored is None else stored, **{"name": "a.jsonl.zst"} | more)


LINES = [f"{each}\n".encode() for each in LF.split("\n")]
BREAKS = [piece for each in LINES for piece in (each[:-1] + b"\r", b"\n")]
SPARSE = [each for piece in LINES for each in (b"", piece, b"", b"")]
FRAMES: dict[str, Case] = {
    "frames of lines": framed(LINES),
    "frames of 37 bytes": framed(cut(LF.encode(), 37)),
    "frames of 1 byte": framed(cut(LF[:90].encode(), 1)),
    "frames between cr and lf": framed(BREAKS),
    "frames without size": framed([LF.encode()], b"".join(map(unsized, cut(LF.encode(), 53)))),
    "empty frames": framed(SPARSE),
    "skippable frames": framed(LINES, SKIPPABLE + b"".join(frames(each) + SKIPPABLE for each in LINES)),
    "a frame of a mark": framed([BOM[:1], BOM[1:], *LINES]),
    "frames of blank lines": framed([*[b"\n"] * 20, *LINES, *[b" \r\n"] * 20]),
    "a frame of many lines": framed([LINES[0], b"".join(LINES * 4), LINES[1]]),
    "frames in shift_jis": framed(cut(SJIS.encode("cp932"), 41), encoding="cp932"),
    "frames in euc-jp": framed(cut(EUC.encode("euc_jp"), 41), encoding="euc_jp"),
    "frames with cr": framed(cut(CR.encode(), 29)),
    "frames of paragraphs": framed(cut("\n\n".join(PARAGRAPHS).encode(), 33), name="a.txt.zst", format="paragraphs"),
    "one frame": framed([LF.encode()], split=False),
}

UTF8_TEXTS = {
    "paragraphs": "\n\n".join(PARAGRAPHS),
    "paragraphs crlf": "\n\n".join(PARAGRAPHS).replace("\n", "\r\n"),
    "paragraphs cr": "\n\n".join(PARAGRAPHS).replace("\n", "\r"),
    "ideographic spaces": "\n\u3000 \u3000\n".join(PARAGRAPHS),
    "many spaces": ("\n" + "\u3000\t \n" * 60).join(PARAGRAPHS[:5]),
    "other spaces": "\n\u00a0\u2003\n".join(PARAGRAPHS[:6])
    + "\n\u2028\u0085\n"
    + "\n\u3000\u200a\n".join(PARAGRAPHS[6:]),
    "spaces at the borders": "\u3000\n\n"
    + "\n\n\u3000".join(each + "\u3000" for each in PARAGRAPHS)
    + "\n\u3000\n\n\u3000",
    "a long paragraph": "\n".join(f"{n}行目で熱が下がった。" for n in range(60)) + "\n\n短い\n\n短い",
    "separators inside": "\n\n".join(each + "\u2028\u2028\u0085\u0085\x0b\x0c" + each for each in PARAGRAPHS),
    "marks at each paragraph": "\n\n".join("\ufeff" + each for each in PARAGRAPHS),
    "a cr at the end of lines": "\n\r\n".join(PARAGRAPHS) + "\r",
    "nul": "\n\n".join(each.replace("は", "\0\0は") for each in PARAGRAPHS),
    "words of brackets": "\n\n".join(f"[{{{each}}}]" for each in PARAGRAPHS),
}

TEXTS: dict[str, Case] = {
    **{name: Case(text.encode(), name="a.txt", format="paragraphs") for name, text in UTF8_TEXTS.items()},
    "invalid paragraphs": Case(
        "\n\n".join(PARAGRAPHS).encode().replace("は".encode(), b"\xe3\x81"), name="a.txt", format="paragraphs"
    ),
    "shift_jis paragraphs": Case(
        UTF8_TEXTS["ideographic spaces"].encode("cp932"), name="a.txt", format="paragraphs", encoding="cp932"
    ),
    "euc-jp paragraphs": Case(
        UTF8_TEXTS["ideographic spaces"].encode("euc_jp"), name="a.txt", format="paragraphs", encoding="euc_jp"
    ),
}
CASES = JSON_LINES | FRAMES | TEXTS


ARRAY = json.dumps([json.loads(line(n)) for n in range(12)], ensure_ascii=False, indent=1).encode()
SPLIT_LINES = frames(*LINES)
DAMAGED: dict[str, Case] = {
    "array": Case(ARRAY),
    "array cut off": Case(ARRAY[:-30]),
    "utf-16": Case(LF.encode("utf-16")),
    "escapes later": Case(LF.encode() + b"\n" + (LF + "\n").encode("iso2022_jp") + LF.encode()),
    "escapes in ascii": Case(json.dumps({"text": "a" * 900}).encode() + b"\n" + LF.encode("iso2022_jp")),
    "korean later": Case(LF.encode("cp932") + b"\n" + "\n".join(["대한민국의 의사"] * 90).encode("euc_kr")),
    "nul first": Case(bytes(40) + LF.encode()),
    "last frame cut off": framed(LINES, SPLIT_LINES[:-9]),
    "last frame cut off in its head": framed(LINES, SPLIT_LINES + SPLIT_LINES[:5]),
    "text behind the frames": framed(LINES, SPLIT_LINES + LF.encode()),
    "nul behind the frames": framed(LINES, SPLIT_LINES + bytes(4096)),
    "a frame with another bit": framed(LINES, SPLIT_LINES[:-200] + b"\0" + SPLIT_LINES[-199:]),
    "a wrong checksum": framed(LINES, frames(*LINES[:7])[:-1] + b"\0" + frames(*LINES[7:])),
    "no lines": framed([], frames(b"") * 90),
    "gzip by the name of frames": framed(LINES, gzip.compress(b"".join(LINES * 3))),
    "frames by the name of lines": Case(b"", frames(*LINES)),
    "paragraphs of late lf": Case(
        ("\r\r".join(PARAGRAPHS * 400) + "\n\n".join(PARAGRAPHS)).encode(), name="a.txt", format="paragraphs"
    ),
}
