"""Chat-form JSON lines: three forms, and the reason of every bad row."""

import json
from pathlib import Path

import pytest

from ncvc.data.chat import BadRow, parse_chat, read_chats
from ncvc.errors import InputError
from tests.conftest import run_ncvc

USER, ASSISTANT = {"role": "user", "content": "熱は？"}, {"role": "assistant", "content": "38度です。"}
SYSTEM = {"role": "system", "content": "医師です。"}


def line(**value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("row", "form", "turns"),
    [
        (line(messages=[SYSTEM, USER, ASSISTANT]), "messages", ["医師です。", "熱は？", "38度です。"]),
        (line(messages=[USER], answer="38度です。", id=3), "messages", ["熱は？", "38度です。"]),
        (line(messages=[USER, ASSISTANT, USER, ASSISTANT]), "messages", ["熱は？", "38度です。"] * 2),
        (line(instruction="要約", input="長い文", output="短い文"), "instruction", ["要約\n\n長い文", "短い文"]),
        (line(instruction="要約", input="", output="短い文"), "instruction", ["要約", "短い文"]),
        (line(question="熱は？", answer="38度"), "question", ["熱は？", "38度"]),
    ],
)
def test_three_forms(row: bytes, form: str, turns: list[str]) -> None:
    chat = parse_chat(row)
    assert chat.form == form
    assert [message.content for message in chat.messages] == turns


BAD = {
    b"": "empty line",
    b"\xff": "not UTF-8 at byte 1",
    b"{": "not JSON: .* at character 2",
    b"[]": "not a JSON object",
    b"[" * 100_000: "nested too deeply",
    b'{"question": "a", "question": "b"}': "'question' is there twice",
    line(text="熱"): "has none of",
    line(messages=[]): "no list of turns",
    line(messages=[USER]): "the last turn is not the assistant's",
    line(messages=[ASSISTANT]): "turn 1 is the assistant's, not the user's",
    line(messages=[SYSTEM, ASSISTANT]): "turn 2 is the assistant's, not the user's",
    line(messages=[USER, USER, ASSISTANT]): "turn 2 is the user's, not the assistant's",
    line(messages=[USER, SYSTEM, ASSISTANT]): "turn 2 is the system's",
    line(messages=[SYSTEM]): "the last turn is not the assistant's",
    line(messages=[{"role": "tool", "content": "a"}]): "role 'tool'",
    line(messages=[{"role": "user", "content": 3}]): "turn 1 has no `role` and `content`",
    line(messages=["熱"]): "turn 1 has no `role` and `content`",
    line(messages=[USER, ASSISTANT | {"content": " "}]): "turn 2 is empty",
    line(instruction="a"): "`output` is missing",
    line(output="a"): "`instruction` is missing",
    line(question="a", answer=5): "`answer` is no text",
    line(question="a", answer="b<|end_of_text|>"): "holds <|end_of_text|>",
    b'{"question": "a", "answer": "\\ud800"}': "half of a surrogate pair",
    b'{"question": "a", "answer": "b", "instruction": "x", "output": "y"}': "both `instruction` and `question`; keep one",
    b'{"question": "a", "answer": "b", "task": 5}': "`task` is no text",
    b'{"question": "a", "answer": "b", "task": "\\ud800"}': "`task` holds half of a surrogate pair",
    line(question="a\0", answer="b"): "NUL",
}


@pytest.mark.parametrize(("row", "reason"), BAD.items(), ids=range(len(BAD)))
def test_the_reason_of_a_bad_row(row: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_chat(row)


def test_bad_rows_stop_or_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = line(question="熱は？", answer="38度")
    path.write_bytes(b"\n".join([good, b"{", good, b"", good]) + b"\n")
    with pytest.raises(InputError, match=r"a\.jsonl:2: not JSON"):
        list(read_chats(path))
    bad: list[BadRow] = []
    assert len(list(read_chats(path, bad.append))) == 3
    assert [row.place for row in bad] == [f"{path}:2", f"{path}:4"]
    done = run_ncvc("data", "check", path, ok=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"ncvc: {path}:2: not JSON: Expecting property name enclosed in double quotes at character 2",
        f"ncvc: {path}:4: empty line",
        f"ncvc: {path}: 2 bad rows of 5",
    ]
    assert done.stdout == "3 good rows (3 question)\n"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        list(read_chats(path))
