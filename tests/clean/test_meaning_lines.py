"""The line filters write a line for a line, whatever separators of Unicode stand inside.

Written from the specification, without the rules at hand.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SEPARATORS = ["\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\x1c", "\x1d", "\x1e"]
INSIDE = [*SEPARATORS, "\t", "\u3000", "\r\r"]


def pipe(data: bytes, *arguments: str) -> bytes:
    """Output of a line filter."""
    done = subprocess.run([sys.executable, "-m", "ncvc", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def numbered() -> list[str]:
    """Lines with a separator inside each, at its start, at its end, and alone."""
    lines = []
    for separator in INSIDE:
        lines += [
            f"症例{len(lines)}は発熱{separator}咳嗽あり",
            f"{separator}症例{len(lines) + 1}",
            f"症例{len(lines) + 2}{separator}",
        ]
        lines += [separator, ""]
    return lines


def check(lines: list[str], output: bytes) -> None:
    """Asserts a line for a line, each with its own number."""
    assert output.endswith(b"\n")
    written = output.decode().split("\n")[:-1]
    assert len(written) == len(lines)
    for number, (line, result) in enumerate(zip(lines, written, strict=True)):
        letters = re.sub(r"[\s▁\x1c-\x1e\x85]", "", result)
        assert letters.startswith(f"症例{number}") if "症例" in line else letters == "", (line, result)


def test_clean_writes_a_line_for_a_line() -> None:
    lines = numbered()
    output = pipe("".join(line + "\n" for line in lines).encode(), "clean")
    check(lines, output)
    assert not set(output.decode()) & set(SEPARATORS)


@pytest.mark.parametrize("separator", SEPARATORS, ids=[f"U+{ord(c):04X}" for c in SEPARATORS])
def test_clean_keeps_words_apart(separator: str) -> None:
    written = pipe(f"血圧120{separator}80\n発熱{separator}咳嗽\n".encode(), "clean").decode()
    assert written == "血圧120▁80\n発熱▁咳嗽\n"


def test_clean_with_the_clinical_set_writes_a_line_for_a_line() -> None:
    lines = numbered()
    check(lines, pipe("".join(line + "\n" for line in lines).encode(), "clean", "--clinical"))


def test_clean_takes_windows_line_ends_and_a_last_line_without_one() -> None:
    assert pipe("発熱\r\n\r\n咳嗽\r\n".encode(), "clean").decode() == "発熱\n\n咳嗽\n"
    assert pipe("発熱\n咳\u2028嗽".encode(), "clean").decode().rstrip("\n") == "発熱\n咳▁嗽"


def test_split_by_a_dictionary_writes_a_line_for_a_line(dictionary: Path) -> None:
    lines = numbered()
    check(lines, pipe("".join(line + "\n" for line in lines).encode(), "split", "--dictionary", str(dictionary)))


def test_split_by_a_tokenizer_writes_a_line_for_a_line(tokenizer_folder: Path) -> None:
    lines = numbered()
    check(lines, pipe("".join(line + "\n" for line in lines).encode(), "split", "--tokenizer", str(tokenizer_folder)))


@pytest.mark.parametrize("ensure_ascii", [True, False], ids=["escaped", "raw"])
def test_clean_json_lines_writes_an_object_for_an_object(*, ensure_ascii: bool) -> None:
    texts = [f"症例{i}は発熱{separator}咳嗽" for i, separator in enumerate([*INSIDE, "\n"])]
    data = "".join(json.dumps({"text": text}, ensure_ascii=ensure_ascii) + "\n" for text in texts)
    written = pipe(data.encode(), "clean", "--jsonl").decode().split("\n")[:-1]
    assert len(written) == len(texts)
    for number, line in enumerate(written):
        text = json.loads(line)["text"]
        assert text.startswith(f"症例{number}は発熱")
        assert text.endswith("咳嗽")
