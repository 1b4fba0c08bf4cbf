"""`AutoTokenizer` of a folder of ours, after `import ncvc`, beside `ncvc.Tokenizer`.

Written by another author than the rule, from the specification.
"""

import copy
import json
import pickle
import random
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from datasets.fingerprint import Hasher
from transformers import AutoTokenizer

import ncvc

BEGIN, END = 1, 2
RAW = [
    "症例は６０歳、男性．\n発熱あり。",
    "BT 37.8℃, WBC 12,300/μL↑",
    "退院後は 外来で\n\n経過を みる。",
    "ﾄﾞﾚｰﾝを留置㌔した。",
    "https://example.com/abc を参照。電話03-1234-5678まで",
    "😀",
    "",
    "あーーーーーーい！！！！！\r\n\tう",
    "<|system|>と書かれた",
]

ORDER = """
import sys
for name in sys.argv[2:]:
    __import__(name)
from transformers import AutoTokenizer
import ncvc
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
assert tokenizer("６０歳")["input_ids"] == [1, *ncvc.Tokenizer.load(sys.argv[1] + "/ncvc/tokenizer").encode("６０歳")]
"""
PLUGIN = """
import sys
import importlib
module, _, name = sys.argv[2].partition(":")
from transformers import AutoTokenizer
getattr(importlib.import_module(module), name)()
assert type(AutoTokenizer.from_pretrained(sys.argv[1])).__module__.startswith("ncvc")
"""


def python(code: str, *arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "imported", [["ncvc"], ["transformers", "ncvc"], ["transformers.models.auto.tokenization_auto", "ncvc"]]
)
def test_the_order_of_imports_does_not_matter(model_folder: Path, imported: list[str]) -> None:
    python(ORDER, model_folder, *imported)


def test_vllm_finds_it(model_folder: Path) -> None:
    import tomllib

    from tests.conftest import ROOT

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python(PLUGIN, model_folder, project["entry-points"]["vllm.general_plugins"]["ncvc"])


def test_importing_ncvc_imports_nothing_of_transformers() -> None:
    python("import sys, ncvc; assert not {'transformers', 'tokenizers', 'torch', 'pathlib'} & sys.modules.keys()")


def test_other_folders_get_their_own(tmp_path: Path, auto: Any) -> None:
    from transformers import PreTrainedTokenizerFast

    plain = PreTrainedTokenizerFast(tokenizer_object=json_backend(auto), eos_token="<|end_of_text|>")
    plain.save_pretrained(tmp_path)
    assert not type(AutoTokenizer.from_pretrained(tmp_path)).__module__.startswith("ncvc")


def json_backend(auto: Any) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer(auto._tokenizer.model)


def test_ids_of_raw_text(auto: Any, exact: ncvc.Tokenizer, lines: list[str]) -> None:
    texts = [*RAW, *lines[::7]]
    found = auto(texts, add_special_tokens=False)["input_ids"]
    assert found == [list(ids) for ids in exact.encode_batch(texts)]
    assert auto(texts)["input_ids"] == [[BEGIN, *ids] for ids in found]


def test_ids_of_random_text(auto: Any, exact: ncvc.Tokenizer) -> None:
    random_ = random.Random(0)
    alphabet = [
        *"患者は発熱60６０．，。、 　\t\r\nーー〜-－ﾞｶﾊｱ㌔㎎①@#:/.<|>!！?",
        "http://a.jp",
        "a@b.jp",
        "03-1234-5678",
        "髙",
        "☎",
        "…",
        "...",
    ]
    texts = ["".join(random_.choices(alphabet, k=random_.randint(0, 40))) for _ in range(2000)]
    assert auto(texts, add_special_tokens=False)["input_ids"] == [list(ids) for ids in exact.encode_batch(texts)]


def test_special_tokens_in_a_text(auto: Any, exact: ncvc.Tokenizer) -> None:
    text = "<|end_of_text|>患者"
    assert auto(text)["input_ids"] == [BEGIN, END, *exact.encode("患者")]
    for text in ("<|end_of_text|>患者", "<unk><|begin_of_text|>と書く"):
        assert auto(text, split_special_tokens=True)["input_ids"] == [BEGIN, *exact.encode(text)]


def test_the_beginning_comes_once(auto: Any, exact: ncvc.Tokenizer) -> None:
    begun, plain = "<|begin_of_text|>患者は発熱を訴え", "患者"
    one, two = [BEGIN, *exact.encode("患者は発熱を訴え")], [BEGIN, *exact.encode("患者")]
    assert auto(begun)["input_ids"] == auto.encode(begun) == one
    assert auto([begun, begun])["input_ids"] == [one, one]
    assert auto(begun, add_special_tokens=False)["input_ids"] == one
    mixed = auto([begun, plain], padding=True, return_tensors="pt", return_offsets_mapping=False)
    missing = len(one) - len(two)
    assert mixed["input_ids"].tolist() == [one, [END] * missing + two]
    assert mixed["attention_mask"].tolist() == [[1] * len(one), [0] * missing + [1] * len(two)]
    assert auto([plain, begun], truncation=True, max_length=2)["input_ids"] == [two[:2], one[:2]]
    assert auto(plain, plain)["input_ids"] == [*two, *two[1:]]
    assert auto([begun, plain], [plain, plain])["input_ids"] == [[*one, *two[1:]], [*two, *two[1:]]]


def test_padding_is_on_the_left_and_masked(auto: Any) -> None:
    batch = auto(["患者", "患者は発熱を訴え"], padding=True)
    assert batch["input_ids"][0][0] == END
    assert batch["attention_mask"][0][0] == 0
    assert batch["attention_mask"][1][0] == 1


def test_offsets_are_places_in_the_raw_text(auto: Any, exact: ncvc.Tokenizer, lines: list[str]) -> None:
    """What lies there becomes the piece by NFKC, for nearly all of the tokens of noisy text, and nothing overlaps."""
    right = count = 0
    for text in [*RAW, *lines[::9]]:
        found = auto(text, add_special_tokens=False, return_offsets_mapping=True)
        end = 0
        for token, (start, stop) in zip(found["input_ids"], found["offset_mapping"], strict=True):
            assert 0 <= start <= stop <= len(text)
            assert stop >= end
            end = stop
            count += 1
            written = unicodedata.normalize("NFKC", text[start:stop]).replace(" ", "▁")
            right += written == exact.id_to_piece(token)
    assert count > 10_000
    assert right / count > 0.95


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("６０歳", ["６０", "歳"]),
        ("患者は 発熱", ["患者", "は", " ", "発熱"]),
        ("男性．\r\n発熱", ["男性", "．", "\n", "発熱"]),
        ("電話03-1234-5678まで", ["電話", "まで"]),
    ],
)
def test_offsets_by_hand(auto: Any, text: str, expected: list[str]) -> None:
    """Whatever pieces a vocabulary cuts the stretches into, each stretch begins and ends where pieces do."""
    places = auto(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert "".join(text[start:stop] for start, stop in places) == "".join(expected)
    end = 0
    for stretch in expected:
        begin = text.index(stretch, end)
        end = begin + len(stretch)
        assert begin in {start for start, _ in places}
        assert end in {stop for _, stop in places}


def test_offsets_of_a_long_text_are_those_of_its_parts(auto: Any) -> None:
    part, count = "症例は６０歳、男性．発熱あり。", 700
    own = auto(part, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    text = "\n".join([part] * count)
    expected = [
        (start + number * (len(part) + 1), stop + number * (len(part) + 1))
        for number in range(count)
        for start, stop in ([*own, (len(part), len(part) + 1)] if number < count - 1 else own)
    ]
    assert auto(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"] == expected


def test_decoding_shows_spaces(auto: Any) -> None:
    ids = auto("退院後は 外来で\n経過を みる。")["input_ids"]
    assert auto.decode(ids, skip_special_tokens=True) == "退院後は 外来で\n経過を みる。"
    assert auto.decode(ids) == "<|begin_of_text|>退院後は 外来で\n経過を みる。"
    assert auto.batch_decode([ids], skip_special_tokens=True) == ["退院後は 外来で\n経過を みる。"]


def same(one: Any, other: Any) -> None:
    for text in RAW:
        found, expected = (each(text, return_offsets_mapping=True) for each in (other, one))
        assert dict(found) == dict(expected)
    assert len(one) == len(other)
    assert (one.padding_side, one.bos_token, one.eos_token, one.pad_token) == (
        *(other.padding_side, other.bos_token),
        *(other.eos_token, other.pad_token),
    )


def test_pickle_and_copies(auto: Any) -> None:
    same(auto, pickle.loads(pickle.dumps(auto)))
    same(auto, copy.deepcopy(auto))
    same(auto, copy.copy(auto))
    assert pickle.dumps(auto) == pickle.dumps(auto)


def test_saved_it_is_the_same(auto: Any, model_folder: Path, tmp_path: Path) -> None:
    auto(["患者", "患者は"], padding=True, truncation=True, max_length=5)  # leaves no trace in what is saved
    auto.save_pretrained(tmp_path)
    same(auto, AutoTokenizer.from_pretrained(tmp_path))
    plain, saved = (
        json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")) for folder in (model_folder, tmp_path)
    )
    assert plain == saved
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert str(model_folder) not in (tmp_path / "tokenizer_config.json").read_text(encoding="utf-8")
    for file in sorted((model_folder / "ncvc/tokenizer").iterdir()):
        assert (tmp_path / "ncvc/tokenizer" / file.name).read_bytes() == file.read_bytes()
    auto.save_pretrained(tmp_path)  # again, over itself
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path)
    same(auto, AutoTokenizer.from_pretrained(tmp_path))


def test_added_tokens_are_kept(auto: Any, exact: ncvc.Tokenizer, tmp_path: Path) -> None:
    grown = copy.deepcopy(auto)
    assert grown.add_special_tokens({"additional_special_tokens": ["<|system|>", "<|user|>", "<|assistant|>"]}) == 3
    grown.save_pretrained(tmp_path)
    ids = [BEGIN, 12001, *exact.encode("６０歳"), 12002, END]
    text = "<|user|>６０歳<|assistant|><|end_of_text|>"
    for each in (grown, AutoTokenizer.from_pretrained(tmp_path), pickle.loads(pickle.dumps(grown))):
        assert len(each) == 12003
        assert each(text)["input_ids"] == ids
        assert each.decode(ids, skip_special_tokens=True) == "60歳"
    assert len(auto) == 12000


def test_datasets_map_in_two_processes(auto: Any, exact: ncvc.Tokenizer, lines: list[str]) -> None:
    texts = [*RAW, *lines[:200]]
    rows = datasets.Dataset.from_dict({"text": texts})
    assert Hasher.hash(auto) == Hasher.hash(copy.deepcopy(auto))
    mapped = rows.map(
        lambda row: auto(row["text"]), batched=True, batch_size=16, num_proc=2, load_from_cache_file=False
    )
    assert mapped["input_ids"][:] == [[BEGIN, *exact.encode(text)] for text in texts]


def test_a_damaged_tokenizer_folder_is_no_plain_one(model_folder: Path, tmp_path: Path) -> None:
    for file in model_folder.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "ncvc/tokenizer").mkdir(parents=True)
    for file in (model_folder / "ncvc/tokenizer").iterdir():
        (tmp_path / "ncvc/tokenizer" / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "ncvc/tokenizer/tokenizer.model").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ncvc.TokenizerError, match=r"tokenizer\.model"):
        AutoTokenizer.from_pretrained(tmp_path)


def test_words_and_tensors(auto: Any, exact: ncvc.Tokenizer) -> None:
    words = auto(["患者", "は", "６０歳"], is_split_into_words=True)
    assert words["input_ids"] == [BEGIN, *exact.encode("患者"), *exact.encode("は"), *exact.encode("６０歳")]
    assert auto("患者", return_tensors="pt")["input_ids"].dtype == torch.int64
