"""Prompts of a file or the command line, and what cannot be one."""

import pytest

from ncvc.errors import InputError, PromptError
from ncvc.hf.prompts import read_prompts
from ncvc.hf.tokenizer import prompt_ids


class Bytes:
    """A token a byte."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def begin(self, ids: list[int]) -> list[int]:
        return [1, *ids]


@pytest.mark.parametrize("name", ["prompts.txt", "prompts.jsonl"])
def test_a_byte_order_mark_is_no_text(tmp_path, name):
    file = tmp_path / name
    file.write_text('{"prompt": "発熱"}\n' if name.endswith("jsonl") else "発熱\n", encoding="utf-8-sig")
    assert [prompt.text for prompt in read_prompts(file)] == ["発熱"]


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "prompts.txt").touch()
    with pytest.raises(InputError, match="the file is empty"):
        read_prompts(tmp_path / "prompts.txt")


@pytest.mark.parametrize("text", ["x\udcff", "\ud800"])
def test_bytes_that_are_not_utf8_are_no_prompt(text):
    with pytest.raises(PromptError, match="not UTF-8, or half of a surrogate pair"):
        prompt_ids(Bytes(), text, None)
    assert prompt_ids(Bytes(), "x", None) == [1, 120]
