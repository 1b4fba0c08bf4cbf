"""The header's reader against the `gguf` package, which llama.cpp's authors keep."""

import contextlib
import random
from pathlib import Path

import gguf
import numpy as np
import pytest

from ncvc.engines.gguf_header import read_header
from ncvc.errors import ModelFolderError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_context_length(2048)
    writer.add_rope_freq_base(1e4)
    writer.add_tokenizer_model("t5")
    writer.add_token_list(["<unk>", "<|begin_of_text|>", "<|end_of_text|>", "\n", "患者", "<|user|>"])
    writer.add_token_scores([0.0] * 6)
    writer.add_token_types([2, 3, 3, 4, 1, 3])
    writer.add_file_type(32)
    writer.add_bos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("a", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tmp_path / "a.gguf"


def test_the_keys_are_those_that_were_written(path: Path) -> None:
    header = read_header(path)
    assert (header.architecture, header.max_tokens, header.tokenizer) == ("llama", 2048, "t5")
    assert (header.file_type, header.first, header.template) == (32, 2, "{{ messages }}")
    assert header.special == {"<|begin_of_text|>": 1, "<|end_of_text|>": 2, "<|user|>": 5}


def test_damaged_headers_are_told_and_take_no_memory(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "cut.gguf"
    for length in range(0, 600, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelFolderError, match="not a whole GGUF file"):
            read_header(cut)
    order = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[order.randrange(600)] = order.randrange(256)
        cut.write_bytes(damaged)
        with contextlib.suppress(ModelFolderError):  # nothing else may come, nor take long
            read_header(cut)
    with pytest.raises(ModelFolderError, match="missing"):
        read_header(tmp_path / "none.gguf")
