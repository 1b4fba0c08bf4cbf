"""The whole pass against a few lines of plain Python: filters, duplicates, sentences, ids, and the books."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

import ncvc
import ncvc._native as native
from ncvc.corpus.cleaning import CleaningConfig, WebConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.manifest import verify
from tests.conftest import run_ncvc
from tests.corpus.run import read_zst

SHORTEST = 10


def characters(text: str) -> int:
    """How many, white space apart."""
    return len([c for c in text if c not in "▁\n"])


def jaccard(a: str, b: str) -> float:
    """Of the sets of 5-grams, white space apart."""
    grams = []
    for text in (a, b):
        characters = [c for c in text if c not in "▁\n"]
        grams.append({tuple(characters[i : i + 5]) for i in range(len(characters) - 4)} or {tuple(characters)})
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


def without(sentences: list[tuple[str, bool]]) -> str:
    """The sentences that stay, on the lines that they stood on; a line that is left empty goes."""
    out = ""
    for sentence, stays in sentences:
        feeds = len(sentence) - len(sentence.rstrip("\n"))
        if stays:
            out += sentence
        elif feeds and out:
            bare = out.rstrip("\n")
            there = len(out) - len(bare)
            out = bare.rstrip("▁\n") + "\n" * max(there, feeds) if not there else bare + "\n" * max(there, feeds)
    return out.rstrip("▁\n")


def expected(
    sources: dict[str, list[str]], filters: FiltersConfig, cleaning: CleaningConfig, near: float | None
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """What stays of each source, and the reasons of what does not."""
    engine = native.Filters(filters.options(Path()))
    reasons: dict[str, int] = {}
    seen: set[str] = set()
    kept: list[str] = []
    clean: list[tuple[str, str]] = []
    stays = [name for name, removed in cleaning.web.model_dump().items() if not removed]
    options: Any = cleaning.model_dump(exclude={"web"}, exclude_none=True) | {"keep": stays}

    def drop(reason: str) -> None:
        reasons[reason] = reasons.get(reason, 0) + 1

    for name, texts in sources.items():
        for raw in texts:
            text: str | None = ncvc.clean(raw, **options)
            if not text:
                drop("empty_after_cleaning")
                continue
            text, reason = engine.apply(text)
            if text is None:
                drop(str(reason))
            elif text in seen:
                drop("duplicate_document")
            elif near is not None and any(jaccard(text, other) >= near for other in kept):
                seen.add(text)
                drop("near_duplicate_document")
            else:
                seen.add(text)
                kept.append(text)
                clean.append((name, text))
    out: dict[str, list[str]] = {name: [] for name in sources}
    sentences: set[str] = set()
    rests: set[str] = set()
    for name, text in clean:
        stay, solid, removed, long = [], 0, 0, False
        for sentence in native.sentences(text):
            bare = sentence.strip("▁\n")
            solid += bool(bare)
            if characters(bare) >= SHORTEST:
                if bare in sentences:
                    removed += 1
                    stay.append((sentence, False))
                    continue
                long = True
                sentences.add(bare)
            stay.append((sentence, True))
        left = ncvc.clean(without(stay), **options) if removed else text
        if removed == solid:
            drop("duplicate_sentences")
        elif removed and not long and filters.too_short and characters(left) < filters.too_short.least_characters:
            drop("too_short")
        elif not (removed and long) and left in rests:
            drop("duplicate_document")
        else:
            if not (removed and long):
                rests.add(left)
            out[name].append(left)
    return out, reasons


def corpus(lines: list[str]) -> dict[str, list[str]]:
    """Two sources with every kind of repetition, and text that filters drop."""
    dice = random.Random(7)
    first = [lines[i] for i in range(0, 400, 4)]
    edited = ["".join(c if dice.random() > 0.01 else "変" for c in text) for text in first[:40]]
    first += ["短い。\n" + first[0], first[1] + "\n熱はない。薬は要らない。", first[2] + "\n熱はない。薬は要らない。"]
    pairs = [first[i].split("\n") + first[i + 1].split("\n") for i in range(40)]
    mixed = ["\n".join(dice.sample(pair, min(3, len(pair)))) for pair in pairs]
    junk = [
        "短い",
        "Copyright © 2020 Example. All Rights Reserved.\n" + first[0],
        "word " * 80,
        "休みに旅行を楽しみました #京都 #大阪",
        "同じ行です。\n" * 60,
        "😀",
    ]
    return {"a": first + first[:20] + junk, "b": edited + mixed + first[50:70] + [first[0] + " 電話 03-1234-5678"]}


@pytest.mark.parametrize(("near", "clinical"), [(None, False), (0.8, False), (None, True)])
def test_the_pass_is_what_plain_python_says(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str], near: float | None, clinical: bool
) -> None:
    texts = corpus(lines)
    filters = FiltersConfig(adult_words=None)
    web = WebConfig(tags=clinical)
    cleaning = CleaningConfig(clinical=clinical, replacement="tag" if clinical else "nothing", web=web)
    kept, reasons = expected(texts, filters, cleaning, near)
    sources: list[dict[str, Any]] = []
    for name, rows in texts.items():
        (tmp_path / name).mkdir()
        for half, some in enumerate((rows[: len(rows) // 2], rows[len(rows) // 2 :])):
            written = (json.dumps({"id": i, "text": text}, ensure_ascii=False) for i, text in enumerate(some))
            (tmp_path / name / f"{half}.jsonl").write_text("\n".join(written), encoding="utf-8")
        options = {"filters": {"adult_words": None}, "cleaning": cleaning.model_dump()}
        sources.append({"name": name, "inputs": [name], **options})
    config = {
        "sources": sources,
        "tokenizer": str(tokenizer_folder),
        "output": "out",
        "part_bytes": 20_000,
        "duplicates": {"near": near},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    run_ncvc("preprocess", tmp_path / "config.yaml")
    out = tmp_path / "out"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["reasons"] == dict(sorted(reasons.items()))
    assert reasons.keys() >= {"duplicate_document", "too_short", "copyright_notice", "repeated_lines"}
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    for name, texts_kept in kept.items():
        dataset = ncvc.IndexedDataset.open(out / name)
        assert [tokenizer.decode(dataset[i].tolist()) for i in range(len(dataset))] == texts_kept
    for each in (summary, *summary["sources"]):
        removed = each["removed_bytes"]
        whole = sum(removed["documents"].values()) + sum(removed[step] for step in ("cleaning", "filters", "sentences"))
        stay = kept.get(each.get("name"), [text for texts_kept in kept.values() for text in texts_kept])
        assert each["text_bytes"] - whole == each["kept_bytes"] == sum(len(text.encode()) for text in stay)
        assert (each["removed_sentences"] > 0) == (removed["sentences"] > 0)
    counts = summary["documents"]
    assert counts["in"] == sum(map(len, texts.values())) == counts["out"] + sum(reasons.values())
    for reason, count in reasons.items():
        assert len(read_zst(out / f"dropped/{reason}.jsonl.zst")) == count
    assert list(verify(out)) == []

    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text", "--set", "output=text")
    for name, texts_kept in kept.items():
        rows = read_zst(tmp_path / f"text/{name}.jsonl.zst")
        assert [row["text"] for row in rows] == texts_kept
        members = ["text"] if clinical else ["id", "text"]
        assert all(list(row) == members for row in rows)


def test_what_repeats_names_what_it_repeats(tmp_path: Path, tokenizer_folder: Path, lines: list[str]) -> None:
    rows = [json.dumps({"text": lines[i]}, ensure_ascii=False) for i in (0, 4, 0)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    config = {"sources": [{"name": "a", "inputs": ["a.jsonl"]}], "tokenizer": str(tokenizer_folder), "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    run_ncvc("preprocess", tmp_path / "config.yaml")
    [row] = read_zst(tmp_path / "out/dropped/duplicate_document.jsonl.zst")
    assert (row["file"], row["line"]) == (str(tmp_path / "a.jsonl"), 3)
    assert row["first"] == {"file": str(tmp_path / "a.jsonl"), "line": 1, "similarity": 1.0}
    assert row["text"] == ncvc.clean(lines[0])


def test_both_analysers_give_the_same_bytes(tmp_path: Path, tokenizer_folder: Path, lines: list[str]) -> None:
    rows = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in lines[:300])
    (tmp_path / "a.jsonl").write_text(rows, encoding="utf-8")
    config = {"sources": [{"name": "a", "inputs": ["a.jsonl"]}], "tokenizer": str(tokenizer_folder), "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for analyzer in ("lattice", "vibrato"):
        change = ["--set", f"analyzer={analyzer}", "--set", f"output={analyzer}"]
        run_ncvc("preprocess", tmp_path / "config.yaml", *change)
    assert (tmp_path / "lattice/a.bin").read_bytes() == (tmp_path / "vibrato/a.bin").read_bytes() != b""


def test_a_sample_reads_the_first_documents_and_shows_the_report(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str]
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        rows = [json.dumps({"text": text}, ensure_ascii=False) for text in lines[number * 30 : number * 30 + 30]]
        (tmp_path / f"in/{number}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    sources = [{"name": name, "inputs": ["in"]} for name in "ab"]
    config = {"sources": sources, "tokenizer": str(tokenizer_folder), "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    shown = run_ncvc("preprocess", tmp_path / "config.yaml", "--sample", "40").stdout
    assert "documents: 80 in" in shown
    page = tmp_path / "out.sample/report.html"
    assert str(page) in shown
    assert "the first 40 documents" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "in", "out.sample"]


def test_text_needs_no_tokenizer(tmp_path: Path, lines: list[str]) -> None:
    """Adult words are then looked up in ipadic."""
    row = json.dumps({"text": lines[0]}, ensure_ascii=False)
    (tmp_path / "a.jsonl").write_text(row, encoding="utf-8")
    config = {"sources": [{"name": "a", "inputs": ["a.jsonl"]}], "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"] == {str(tmp_path / "a.jsonl"): hashlib.sha256(row.encode()).hexdigest()}


def test_a_source_keeps_repeated_sentences(tmp_path: Path) -> None:
    """Those of forms: none is lost there, and no other source loses one for standing there."""
    form = "お名前とご住所を枠の中にご記入ください。"
    texts = {
        "forms": [f"{form}\n{number}番の患者さんは元気に過ごしています。" for number in range(3)],
        "notes": [f"{form}\n経過は良好である。", f"経過は良好で、退院の予定である。\n{form}"],
    }
    for name, rows in texts.items():
        written = (json.dumps({"text": text}, ensure_ascii=False) for text in rows)
        (tmp_path / f"{name}.jsonl").write_text("\n".join(written), encoding="utf-8")
    sources = [{"name": name, "inputs": [f"{name}.jsonl"], "filters": {"adult_words": None}} for name in texts]
    sources[0]["repeated_sentences"] = "keep"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"sources": sources, "output": "out"}), encoding="utf-8")
    shown = run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text").stdout
    out = {name: [row["text"] for row in read_zst(tmp_path / f"out/{name}.jsonl.zst")] for name in texts}
    assert out == {"forms": texts["forms"], "notes": [texts["notes"][0], "経過は良好で、退院の予定である。"]}
    assert "61 B of 1 repeated sentences" in shown
    assert "notes lost " in shown
    assert "forms lost " not in shown
