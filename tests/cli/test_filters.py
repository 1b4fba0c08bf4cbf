"""`ncvc clean` and `ncvc split` in pipes, against the engine's functions, MeCab and SentencePiece."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import fugashi
import ipadic
import pytest
import sentencepiece

import ncvc
from tests.conftest import run_ncvc

NCVC = [sys.executable, "-m", "ncvc"]
TEXTS = [
    "体温３７．８℃　ＷＢＣ１２，３００",
    "",
    "電話は０３－００００－１２３４、\u2028次の行ではない。",
    "form\x0cfeed も行を終えない",
    "高血圧症の治療　 と　経過",
]


def pipe(data: bytes, *arguments: object, ok: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*NCVC, *map(str, arguments)], input=data, capture_output=True, check=False)
    assert not ok or done.returncode == 0, done.stderr.decode()
    return done


def test_clean_is_the_engines_clean_line_by_line(lines: list[str]) -> None:
    texts = [line for text in lines[:500] for line in text.split("\n")] + TEXTS
    out = pipe("\n".join(texts).encode(), "clean").stdout.decode()
    # Only line feeds end lines.
    assert out == "".join(ncvc.clean(text.replace("\u2028", " ").replace("\f", " ")) + "\n" for text in texts)


def test_clean_keeps_web_notations_on_demand() -> None:
    text = "@taro_99 の https://a.example.jp 旅行 #京都\n"
    assert pipe(text.encode(), "clean").stdout.decode() == "の▁旅行\n"
    kept = pipe(text.encode(), "clean", "--keep", "urls", "--keep", "tags").stdout.decode()
    assert kept == "の▁https://a.example.jp▁旅行▁#京都\n"


def test_line_ends_of_windows_are_line_ends() -> None:
    assert pipe("Ａ\r\nＢ\r\n".encode(), "clean").stdout == b"A\nB\n"


def test_clean_jsonl_changes_the_text_alone() -> None:
    row = '{"n":1.50,"body":"３７．８℃\\n電話０３-００００-\\n１２３４","text":"３"}'
    out = pipe(f"{row}\n\n".encode(), "clean", "--jsonl", "--text-field", "body").stdout.decode()
    assert out == '{"n":1.50,"body":"37.8℃\\n電話","text":"３"}\n\n'


def test_clean_takes_the_clinical_set_too() -> None:
    note = "患者氏名：山田太郎　体温３７．８℃"
    arguments = ("clean", "--clinical", "--replacement", "tag")
    out = pipe(f"{note}\n".encode(), *arguments).stdout.decode()
    assert out == ncvc.clean(note, clinical=True, replacement="tag") + "\n"
    assert "山田" not in out
    row = json.dumps({"text": note}, ensure_ascii=False)
    assert json.loads(pipe(row.encode(), *arguments, "--jsonl").stdout)["text"] == out.strip()


@pytest.mark.parametrize(
    ("options", "left"),
    [((), True), (("--clinical",), True), (("--hospitals",), False), (("--clinical", "--hospitals"), False)],
)
def test_clean_takes_hospitals_where_it_is_asked_to(options: tuple[str, ...], left: bool) -> None:
    note = "青葉総合病院に転院"
    row = json.dumps({"text": note}, ensure_ascii=False)
    for line, more in ((note, ()), (row, ("--jsonl",))):
        out = pipe(f"{line}\n".encode(), "clean", *options, *more).stdout.decode()
        assert ("青葉" in out) == left
        assert "転院" in out


def test_split_is_mecabs_wakati(dictionary: Path, lines: list[str]) -> None:
    texts = [text.replace("\n", "") for text in lines[:300]] + ["高血圧症の治療 と　経過", ""]
    mecab = fugashi.GenericTagger(f"-r /dev/null -d {ipadic.DICDIR} -Owakati")
    out = pipe("".join(f"{text}\n" for text in texts).encode(), "split", "--dictionary", dictionary).stdout.decode()
    assert out.splitlines() == [mecab.parse(text).strip() for text in texts]


def test_cleaned_text_splits_at_its_spaces(dictionary: Path) -> None:
    cleaned = pipe("胃癌　「早期」\n".encode(), "clean").stdout
    assert cleaned.decode() == "胃癌▁「早期」\n"
    assert pipe(cleaned, "split", "--dictionary", dictionary).stdout.decode() == "胃癌 「 早期 」\n"


def test_split_into_pieces_is_sentencepieces(tokenizer_folder: Path, lines: list[str]) -> None:
    texts = [text.replace("\n", "") for text in lines[:100]]
    model = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))
    split = ncvc.Tokenizer.load(tokenizer_folder).split_batch(texts)
    expected = [" ".join(p for m in morphemes for p in model.encode(m, out_type=str)) for morphemes in split]
    out = pipe("\n".join(texts).encode(), "split", "--tokenizer", tokenizer_folder).stdout.decode()
    assert out.splitlines() == expected


@pytest.mark.parametrize(
    ("data", "arguments", "written", "message"),
    [
        (b"a\nb\nxy\xff\nc\n", ["clean"], b"a\nb\n", "standard input:3: not valid UTF-8 at byte 3 of the line"),
        ("患者".encode("cp932"), ["clean"], b"", "standard input:1: not valid UTF-8 at byte 1 of the line"),
        (
            b'{"text":"a"}\n[1]\n',
            ["clean", "--jsonl"],
            b"",
            "standard input:2: not a JSON object with a text in 'text'",
        ),
        (b"a\n" + b"x" * (65 << 20), ["clean"], b"a\n", "standard input:2: longer than 64 MiB"),
    ],
)
def test_bad_input_is_one_sentence_with_the_line(
    data: bytes, arguments: list[str], written: bytes, message: str
) -> None:
    done = pipe(data, *arguments, ok=False)
    assert done.returncode == 1
    assert done.stdout == written
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_split_needs_one_way_of_splitting() -> None:
    assert "--dictionary for morphemes" in run_ncvc("split", ok=False).stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"yes 高血圧 | {' '.join(NCVC)} clean | head -n 2"
    done = subprocess.run(command, shell=True, capture_output=True, check=False, timeout=60)
    assert done.stdout.decode() == "高血圧\n高血圧\n"
    assert done.stderr == b""


def test_a_line_comes_out_before_the_next_goes_in() -> None:
    """In a terminal as in a pipe: nothing waits for more input."""
    ours, theirs = pty.openpty()
    for out in (subprocess.PIPE, theirs):
        with subprocess.Popen([*NCVC, "clean"], stdin=subprocess.PIPE, stdout=out) as process:
            assert process.stdin is not None
            for _ in range(2):
                process.stdin.write("Ａ\n".encode())
                process.stdin.flush()
                got = process.stdout.readline() if process.stdout else os.read(ours, 100)
                assert got.strip() == b"A"
            process.stdin.close()
    os.close(ours)
    os.close(theirs)


def test_memory_does_not_grow_with_the_input() -> None:
    program = (
        "import resource, sys; sys.argv = ['ncvc', 'clean']\n"
        "from ncvc.cli import main\n"
        "main(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    line = json.dumps("高血圧の治療は生活習慣の改善から始める。" * 20, ensure_ascii=False)

    def peak(count: int) -> int:
        data = (line + "\n").encode() * count
        done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
        assert done.stdout.count(b"\n") == count
        return int(done.stderr)

    assert peak(16_000) - peak(4_000) < 12 * 1024  # KiB, for 14 MB more of input, whose text would take as much again
