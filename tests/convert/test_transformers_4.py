"""What transformers 4.57 makes of a folder, recorded, and transformers 5 the same.

`NCVC_TRANSFORMERS_4` names a Python with transformers 4.57 that is asked too; it prints what is recorded.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ncvc.convert.config import huggingface_config, special_ids
from ncvc.convert.tokenizer import Piece, write_tokenizer
from ncvc.files import write_json
from ncvc.special_tokens import SPECIAL_PIECES
from tests.drawn import small_model

RECORDED = Path(__file__).parent / "transformers_4.json"
PIECES = [
    *((piece, 0.0) for piece in SPECIAL_PIECES),
    *(
        (piece, -2.0 - len(piece) / 8)
        for piece in ("患者", "発熱", "60", "歳", "は", "を", "に", "mg", "▁", "。", "、")
    ),
    *((piece, -8.0) for piece in "患者発熱症例男性06152.,%℃①アスピリン高血圧-+"),
]
TEXTS = ["患者は発熱", "６０歳、\r\n男性．", "ｱｽﾋﾟﾘﾝ　２５ｍｇ に", "患者\x1fは\x1f▁\x1f発熱を", "①37.5°C 😀", ""]
ASK = """
import json, sys
from transformers import AutoConfig, AutoTokenizer
folder, texts = sys.argv[1], json.loads(sys.argv[2])
tokenizer, config = (auto.from_pretrained(folder, local_files_only=True) for auto in (AutoTokenizer, AutoConfig))
assert "ncvc" not in sys.modules
batch = tokenizer(texts, padding=True)
print(json.dumps({
    "input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"],
    "offsets": tokenizer(texts[1], return_offsets_mapping=True)["offset_mapping"],
    "decoded": [tokenizer.decode(ids, skip_special_tokens=True) for ids in batch["input_ids"]],
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id],
    "length": [len(tokenizer), tokenizer.model_max_length],
    "rope_theta": (getattr(config, "rope_parameters", None) or {"rope_theta": getattr(config, "rope_theta", None)})["rope_theta"],
    "act": [config.model_type, config.hidden_act, config.bos_token_id],
}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kinds = dict(zip(SPECIAL_PIECES, ("unknown", "control", "control", "user_defined"), strict=True))
    pieces = [Piece(text, score, kinds.get(text, "normal")) for text, score in dict(PIECES).items()]
    model = small_model(vocab_size=len(pieces), rotary_base=50_000)
    write_tokenizer(pieces, tmp_path, 64, begin_of_text=True)
    write_json(tmp_path / "config.json", huggingface_config(model, "float32", begin_of_text=True))
    write_json(tmp_path / "generation_config.json", special_ids(begin_of_text=True))
    return tmp_path


def asked(python: str, folder: Path) -> object:
    done = subprocess.run(
        [python, "-c", ASK, folder, json.dumps(TEXTS)], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_both_versions_read_the_same(folder: Path) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert asked(sys.executable, folder) == recorded
    assert recorded["rope_theta"] == 50_000
    if "NCVC_TRANSFORMERS_4" in os.environ:
        assert asked(os.environ["NCVC_TRANSFORMERS_4"], folder) == recorded
