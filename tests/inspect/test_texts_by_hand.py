"""Numbers of `ncvc inspect` about texts, beside plain transformers, sentencepiece and loops.

Written by another author than the code, from its documentation and from Carlini et al. 2019.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import torch
from click.testing import CliRunner
from transformers import AutoModelForCausalLM, AutoTokenizer

from ncvc.cli.commands import ncvc
from ncvc.errors import NcvcError
from tests.inspect.conftest import NEEDS_FONT, numbers
from tests.test_indexed import write as write_index

pytestmark = NEEDS_FONT
TEXTS = ["患者は発熱と咳嗽を主訴に来院した。", "The patient was 65", "胸部X線"]


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "qwen2"])
def test_shares_of_attention(stock: dict[str, Path], architecture: str, tmp_path: Path) -> None:
    folder = stock[architecture]
    found = numbers(tmp_path / "out", "attention", folder, *TEXTS[1:])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids, document = [], []
    for number, text in enumerate(TEXTS[1:]):
        one = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
        ids += one
        document += [number] * len(one)
    assert [token["id"] for token in found["tokens"]] == ids
    assert [token["document"] for token in found["tokens"]] == document
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        weights = torch.stack(model(torch.tensor([ids]), output_attentions=True).attentions)[:, 0].double().numpy()
    size, ends = len(ids), {place for place, token in enumerate(ids) if token == tokenizer.eos_token_id}
    places = {
        "first_token": lambda asks: {0} if asks else set(),
        "end_of_text": lambda asks: {k for k in ends if k <= asks},
        "earlier_documents": lambda asks: {k for k in range(size) if document[k] < document[asks]},
        "earlier_text": lambda asks: {k for k in range(size) if document[k] < document[asks] and k and k not in ends},
    }
    for name, answers in places.items():
        asking = [asks for asks in range(size) if answers(asks)]
        share = found["shares"][name]
        assert share["positions"] == len(asking)
        assert share["uniform"] == pytest.approx(np.mean([len(answers(asks)) / (asks + 1) for asks in asking]))
        by_hand = np.mean([weights[:, :, asks, sorted(answers(asks))].sum(axis=-1) for asks in asking], axis=0)
        np.testing.assert_allclose(share["by_layer_and_head"], by_hand, atol=1e-5)
        np.testing.assert_allclose(share["by_layer"], by_hand.mean(axis=1), atol=1e-5)
    maps = np.load(tmp_path / "out/weights.npy")
    np.testing.assert_allclose(maps[0, 0], weights[0].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(maps[-1, 0], weights[-1].mean(axis=0), atol=1e-5)


def make_canaries(folder: Path, *options: object) -> list[dict]:
    done = CliRunner().invoke(ncvc, ["inspect", "canaries", "-o", str(folder), "--quiet", *map(str, options)])
    assert done.exit_code == 0, done.exception
    return [json.loads(line) for line in (folder / "secrets.jsonl").read_text(encoding="utf-8").splitlines()]


def test_each_secret_is_in_as_many_documents_as_its_count(tmp_path: Path) -> None:
    secrets = make_canaries(tmp_path / "canaries", "--counts", "0,3,1", "--each", 4)
    text = (tmp_path / "canaries/documents.jsonl").read_text(encoding="utf-8")
    documents = [json.loads(line) for line in text.splitlines()]
    assert len({document["id"] for document in documents}) == len(documents) == 2 * 4 * (3 + 1)
    assert len({secret["secret"] for secret in secrets}) == len(secrets) == 2 * 4 * 3
    for secret in secrets:
        whole = secret["prefix"] + secret["secret"] + secret["suffix"]
        assert sum(document["text"] == whole for document in documents) == secret["count"]
        assert sum(secret["secret"] in document["text"] for document in documents) == secret["count"]


def log_probability(model: torch.nn.Module, before: list[int], after: list[int]) -> float:
    with torch.no_grad():
        logits = model(torch.tensor([before + after])).logits[0].double().log_softmax(-1)
    return sum(logits[len(before) - 1 + place, piece].item() for place, piece in enumerate(after))


def test_exposure_is_that_of_the_rank_among_the_sample(stock: dict[str, Path], tmp_path: Path) -> None:
    """Carlini et al. 2019: exposure = log2 |R| − log2 rank. Random secrets have any rank alike."""
    secrets = make_canaries(tmp_path / "canaries", "--counts", 0, "--each", 30)
    found = numbers(
        tmp_path / "out", "memorization", stock["llama"], "--canaries", tmp_path / "canaries", "--alternatives", 15
    )
    (model,) = found["models"].values()
    assert found["sample"]["most_bits"] == 4
    ranks = range(1, 17)
    assert found["sample"]["chance_bits"] == pytest.approx(np.mean([4 - math.log2(rank) for rank in ranks]))
    for canary in model["canaries"]:
        assert canary["rank"] in ranks
        assert canary["exposure"] == pytest.approx(4 - math.log2(canary["rank"]))
    mean = np.mean([canary["exposure"] for canary in model["canaries"]])
    assert mean == pytest.approx(found["sample"]["chance_bits"], abs=0.6)
    assert model["by_count"][0]["mean"] == pytest.approx(mean)

    tokenizer = AutoTokenizer.from_pretrained(stock["llama"])
    plain = AutoModelForCausalLM.from_pretrained(stock["llama"]).eval()
    for secret, canary in list(zip(secrets, model["canaries"], strict=True))[::7]:
        assert (secret["id"], secret["form"]) == (canary["id"], canary["form"])
        before = tokenizer.encode(secret["prefix"], add_special_tokens=False)
        whole = tokenizer.encode(secret["prefix"] + secret["secret"], add_special_tokens=False)
        assert whole[: len(before)] == before
        likelihood = log_probability(plain, before, whole[len(before) :])
        # Per token; their log-perplexity is log2 of it, times the tokens.
        assert math.log(canary["perplexity"]) == pytest.approx(-likelihood / (len(whole) - len(before)), rel=1e-4)


def test_a_perplexity_beyond_a_double(stock: dict[str, Path], tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(stock["llama"])
    with torch.no_grad():
        model.get_output_embeddings().weight *= 5000
    model.save_pretrained(tmp_path / "model")
    AutoTokenizer.from_pretrained(stock["llama"]).save_pretrained(tmp_path / "model")
    make_canaries(tmp_path / "canaries", "--counts", 0, "--each", 3)
    arguments = ["--canaries", tmp_path / "canaries", "--alternatives", 3]
    (found,) = numbers(tmp_path / "out", "memorization", tmp_path / "model", *arguments)["models"].values()
    assert None in [canary["perplexity"] for canary in found["canaries"]]


def continued(model: torch.nn.Module, prefix: list[int], length: int) -> list[int]:
    ids = list(prefix)
    for _ in range(length):
        with torch.no_grad():
            ids.append(model(torch.tensor([ids])).logits[0, -1].argmax().item())
    return ids[len(prefix) :]


def test_reproduced_ngrams_and_their_counts(stock: dict[str, Path], tmp_path: Path) -> None:
    """The text holds the model's own continuations, so that some n-grams are reproduced."""
    folder, prefix, length, stride = stock["qwen2"], 5, 2, 1
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    texts = [TEXTS[0]]
    for text in TEXTS[1:]:
        ids = tokenizer.encode(text, add_special_tokens=False)[:8]
        grown = tokenizer.decode(ids + continued(model, ids[-prefix:], 3))
        texts += [grown] if "\ufffd" not in grown and "\n" not in grown else [text]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    encoded = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    # Documents: the first text whole, parted in its middle, and with its beginning twice; the last ends the data.
    first = encoded[0]
    documents = [first, first[:9], first[9:], first[:8] * 2, [5, 5, 5, 5], *encoded]
    flat = np.array([token for document in documents for token in document], "<u2")
    offsets = tuple(int(2 * sum(map(len, documents[:at]))) for at in range(len(documents)))
    write_index(tmp_path / "data", tuple(map(len, documents)), offsets, tuple(range(len(documents) + 1)))
    (tmp_path / "data.bin").write_bytes(flat.tobytes())
    found = numbers(
        tmp_path / "out", "memorization", folder, "--texts", path, "--data", tmp_path / "data",
        "--prefix", prefix, "--length", length, "--stride", stride,
    )  # fmt: skip
    by_hand, tried, counts = [], 0, {}
    for number, ids in enumerate(encoded, 1):
        for at in range(prefix, len(ids) - length + 1, stride):
            ngram = ids[at : at + length]
            tried += 1
            count = sum(
                document[place : place + length] == ngram
                for document in documents
                for place in range(len(document) - length + 1)
            )
            counts[count] = counts.get(count, 0) + 1
            if continued(model, ids[at - prefix : at], length) == ngram:
                by_hand.append({"text": number, "start": at, "count": count})
    assert found["stretches"] == tried
    assert found["reproduced"] == len(by_hand)
    by_hand.sort(key=lambda row: -row["count"])
    assert [{key: row[key] for key in ("text", "start", "count")} for row in found["reproduced_stretches"]] == by_hand
    of = {row["count"]: row["stretches"] for row in found["by_count"]}
    assert of.get("1", 0) == counts.get(1, 0)
    assert of.get("2–3", 0) == counts.get(2, 0) + counts.get(3, 0)
    assert sum(of.values()) == tried
    assert by_hand


def test_fertility_beside_sentencepiece(tokenizer_folder: Path, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("\n".join(lines[:200]), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "train.txt"), model_prefix=str(tmp_path / "spm"), vocab_size=1600,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    texts = ["ＨｂＡ１ｃ　６．５％!!!", "発熱と咳嗽を認める。鬱 zebra", "患者は 来院した。"]
    found = numbers(tmp_path / "out", "tokens", tokenizer_folder, *texts, "--beside", tmp_path / "spm.model")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "spm.model"))
    cleaned = [text["cleaned"].replace("▁", " ") for text in found["texts"]]
    ids = [processor.encode(text) for text in cleaned]
    own, other = found["fertility"]
    assert other["pieces"] == sum(map(len, ids))
    assert other["unknown"] == sum(one.count(processor.unk_id()) for one in ids) > 0
    characters = sum(not character.isspace() for text in cleaned for character in text)
    assert own["characters"] == other["characters"] == characters
    assert own["pieces"] == sum(len(m["pieces"]) for text in found["texts"] for m in text["morphemes"])
    assert other["pieces_per_character"] == pytest.approx(other["pieces"] / characters)
    assert other["unknown_share"] == pytest.approx(other["unknown"] / other["pieces"])
    assert other["pieces_per_morpheme"] == pytest.approx(other["pieces"] / own["morphemes"])


def refusal(*arguments: object) -> str:
    done = CliRunner().invoke(ncvc, ["inspect", *map(str, arguments)])
    assert done.exit_code
    return str(done.exception) if isinstance(done.exception, NcvcError) else done.stderr


@pytest.mark.parametrize("counts", ["999999999", "9" * 5000, "1,01"])
def test_canaries_of_impossible_counts(counts: str, tmp_path: Path) -> None:
    said = refusal("canaries", "--counts", counts, "-o", tmp_path / "out")
    assert "give fewer" in said or "give different numbers" in said
    assert not (tmp_path / "out").exists()


def test_files_with_bytes_of_no_encoding(stock: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "secrets.jsonl").write_bytes("暗証番号\n".encode("shift_jis"))
    said = refusal("memorization", stock["llama"], "--canaries", tmp_path / "secrets.jsonl", "-o", tmp_path / "out")
    assert "secrets.jsonl:1: is no canary" in said
    (tmp_path / "texts.txt").write_bytes("発熱を認める。\n".encode() + b"\xe7\x97 \xff\n" + "頭痛がある。\n".encode())
    said = refusal("memorization", stock["llama"], "--texts", tmp_path / "texts.txt", "-o", tmp_path / "out")
    assert "texts.txt:2: has bytes outside the file's encoding" in said


@pytest.mark.parametrize("option", ["--layers", "--heads"])
def test_layers_and_heads_are_refused_before_the_model_is_loaded(
    stock: dict[str, Path], run_folder: Path, option: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ncvc.inspect.model.FoundModel.loaded", None)
    for model in (stock["llama"], run_folder / "checkpoints/step_00000001"):
        assert ": the model has " in refusal("attention", model, "a", option, "9", "-o", tmp_path / "out")
    assert "numbers from 1 on" in refusal("attention", stock["llama"], "a", option, "9" * 5000, "-o", tmp_path / "out")


def write_log(folder: Path, rows: list[dict]) -> Path:
    folder.mkdir()
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON (RFC 8259)")


def test_a_loss_that_is_not_finite(tmp_path: Path) -> None:
    more = {"lr": 0.1, "grad_norm": 1.0, "seconds": 1.0, "tokens_per_second": 10.0}
    rows = [{"step": step, "tokens": 10 * step, "loss": math.nan, **more} for step in (1, 2)]
    done = CliRunner().invoke(
        ncvc, ["inspect", "loss", str(write_log(tmp_path / "run", rows)), "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.exception
    assert "run: 2 steps, 20 tokens, loss not finite" in done.stdout
    said = json.loads((tmp_path / "out/numbers.json").read_text(encoding="utf-8"), parse_constant=no_constant)
    assert (said["runs"][0]["loss"], said["runs"][0]["smoothed_loss"]) == (None, None)


def test_a_log_of_other_software(tmp_path: Path) -> None:
    run = write_log(tmp_path / "run", [{"step": 1, "tokens": 10, "loss": 2.0}])
    assert "log.jsonl: has steps without" in refusal("loss", run, "-o", tmp_path / "out")
