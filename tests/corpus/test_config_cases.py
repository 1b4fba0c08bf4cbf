"""Configs that once ended in a traceback, without an end or in a wrong folder: each has its right answer here.

Written for these tests after the kinds that people met; every config is a whole one but for the one line.
"""

import time
from pathlib import Path

import pytest

from ncvc.corpus.config import PreprocessConfig
from ncvc.errors import ConfigError
from tests.conftest import run_ncvc

HEAD = "sources:\n- {name: notes, inputs: [notes.jsonl]}\n"
WHOLE = HEAD + "output: out\n"


BOMB = [f"&l0 [{', '.join('v' * 10)}]", *(f"&l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))]
"""Nine levels of ten aliases each: a billion values when they are written out."""
BOMB_BY_KEYS = "".join(f"key{number}: {level}\n" for number, level in enumerate(BOMB))

REFUSED = {
    "a bomb without the tokenizer": (
        WHOLE + BOMB_BY_KEYS,
        0,
        "more than 100,000 values, with its aliases",
    ),
    "a bomb below unknown keys": (WHOLE + "tokenizer: t\n" + BOMB_BY_KEYS, 0, "more than 100,000 values"),
    "a bomb as a value": (WHOLE + f"threads: [{', '.join(BOMB)}]\n", 4, "more than 100,000 values"),
    "a number of 5,000 digits": (WHOLE + f"threads: {'9' * 5000}\n", 4, "a number of 5000 digits"),
    "a date": (WHOLE + "threads: 2020-13-45\n", 4, "'threads' is '2020-13-45': input should be a valid integer"),
    "3,000 brackets": (WHOLE + f"threads: {'[' * 3000}{']' * 3000}\n", 0, "nested deeper than 50 levels"),
    "dots as a name": (WHOLE.replace("notes,", "..,"), 2, "'sources.0.name' is '..'"),
    "a name that leads out": (WHOLE.replace("notes,", "../../evil,"), 2, "'sources.0.name' is '../../evil'"),
    "too many threads": (WHOLE + "threads: 100000000\n", 4, "less than or equal to 4096"),
    "too few threads": (WHOLE + "threads: -1\n", 4, "greater than or equal to 0"),
    "a line longer than numbers of 64 bits": (
        WHOLE + "longest_line: 99999999999999999999\n",
        4,
        "'longest_line' is 9999",
    ),
    "parts larger than numbers of 64 bits": (
        WHOLE + f"part_bytes: {2**63}\n",
        4,
        "'part_bytes' is 9223372036854775808",
    ),
    "a number as a key": (WHOLE + "1: 2\n", 4, "the key 1 is not text; write it in quotes"),
    "a list as a key": (WHOLE + "? [a, b]\n: 1\n", 4, "found unhashable key"),
    "a mapping as a key": (WHOLE + "? {a: b}\n: 1\n", 4, "found unhashable key"),
    "null as a key": (WHOLE + "~: 2\n", 0, "the key None is not text; write it in quotes"),
    "a key with control characters": (
        WHOLE + '"k\\e]0;own\\a": 1\n',
        4,
        r"unknown key 'k\x1b]0;own\x07'; known keys: ",
    ),
    "an unknown key with NUL": (WHOLE + 'a: "\\0"\n', 4, "unknown key 'a'; known keys: "),
    "too little memory": (WHOLE + "duplicates: {near: 0.8, memory: 1}\n", 4, "greater than or equal to 65536"),
    "too small a likeness": (WHOLE + "duplicates: {near: 0.0000001}\n", 4, "greater than or equal to 0.1"),
    "a merge with itself": (WHOLE + "x: &x\n  <<: *x\n", 4, "an alias that leads back to what it is in"),
    "a list in itself": (WHOLE + "threads: &t [*t]\n", 4, "an alias that leads back to what it is in"),
    "a mapping in itself": (WHOLE + "threads: &t {a: *t}\n", 4, "an alias that leads back to what it is in"),
    "two documents": (WHOLE + "---\n" + WHOLE, 4, "but found another document"),
    "an empty file": ("\n", 1, "'sources' is missing; add it"),
    "a raw NUL": (WHOLE.rstrip("\n") + "\0", 0, "special characters are not allowed"),
    "a time": (WHOLE + "threads: 1:30\n", 4, "'threads' is '1:30': input should be a valid integer"),
    "UTF-16": (WHOLE.encode("utf-16"), 0, "not UTF-8; save it as UTF-8"),
    "a key twice": (WHOLE + "threads: 1\nthreads: 2\n", 5, "'threads' is written twice; keep one"),
    "the present folder": (HEAD + "output: .\n", 3, "output: '.' names no new folder; write a name such as tokens"),
    "no output": (HEAD + 'output: ""\n', 3, "output: '' names no new folder"),
    "the folder above": (HEAD + 'output: ".."\n', 3, "output: '..' names no new folder"),
    "the root": (HEAD + "output: /\n", 3, "output: '/' names no new folder"),
    "an output with NUL": (HEAD + 'output: "a\\0b"\n', 3, r"output: 'a\x00b' names no new folder"),
    "an output with an escape": (HEAD + 'output: "o\\e[31mRED"\n', 3, r"output: 'o\x1b[31mRED' names no new folder"),
}
READ = {
    "a byte order mark": ("\ufeff" + WHOLE, "threads", 0),
    "a merged key that the own one replaces": (WHOLE + "<<: {threads: 1}\nthreads: 2\n", "threads", 2),
    "the longest line of all": (WHOLE + f"longest_line: {2**63 - 1}\n", "longest_line", 2**63 - 1),
    "the smallest parts": (WHOLE + "part_bytes: 1\n", "part_bytes", 1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_one_sentence_at_once(tmp_path: Path, case: str) -> None:
    text, line, words = REFUSED[case]
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    began = time.process_time()
    with pytest.raises(ConfigError) as error:
        PreprocessConfig.load(path)
    assert time.process_time() - began < 2
    assert words in str(error.value)
    assert str(error.value).startswith(f"{path}:{f'{line}: ' if line else ''}")
    assert str(error.value).isprintable()
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize("case", READ)
def test_it_is_read(tmp_path: Path, case: str) -> None:
    text, key, value = READ[case]
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    assert getattr(PreprocessConfig.load(path), key) == value


def test_near_1_is_the_same_pieces(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(WHOLE + "duplicates: {near: 1.0}\n")
    assert PreprocessConfig.load(path).duplicates.near == 1.0


def test_an_input_with_nul_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(WHOLE.replace("[notes.jsonl]", '["notes\\0.jsonl"]'))
    done = run_ncvc("preprocess", path, "--to", "text", ok=False)
    assert done.returncode == 1
    assert done.stderr == f"ncvc: {tmp_path}/notes\\x00.jsonl: no such input; name files, folders or patterns\n"
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]
