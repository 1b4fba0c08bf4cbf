"""Decisions are those of plain Python, whatever the threads, buckets and memory."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncvc._native as native
from ncvc.corpus.duplicates import DuplicatesConfig
from tests.dedup import reference
from tests.dedup.run import Parts, decision_bytes, plan, run
from tests.dedup.templates import pages

SMALL = st.sampled_from(
    ["あ。", "い、う。", "長い文です。", "𠮷野家で食べた。", "e\u0301の文。", "か\u3099。", "えお\n"]
)
TEXT = st.lists(SMALL, min_size=1, max_size=6).map(lambda rows: "".join(rows).strip("\n") or "空")
PARTS = st.lists(st.lists(TEXT, max_size=8), min_size=1, max_size=4)


@given(PARTS, st.integers(1, 6), st.integers(0, 8), st.frozensets(st.integers(0, 3)))
@settings(max_examples=50, deadline=None)
def test_documents_and_sentences_are_those_of_plain_python(
    parts: Parts, shortest: int, least: int, whole: frozenset[int]
) -> None:
    repeated = reference.repeated_documents(parts)
    sentences = reference.repeated_sentences(parts, set(repeated), shortest, whole)
    rests = reference.dropped_rests(parts, set(repeated), sentences, shortest, least)
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), parts, min_sentence_characters=shortest, least_characters=least, whole=whole)
    written: list[str] = []
    for p, texts in enumerate(parts):
        dropped = {row[0]: row for row in found[p].dropped()}
        for d, text in enumerate(texts):
            pieces = reference.plain_sentences(text)
            assert native.sentences(text) == pieces
            removed = sentences.get((p, d), [])
            if (p, d) in repeated:
                assert dropped.pop(d) == (d, "duplicate_document", repeated[p, d], 1.0)
                assert found[p].apply(d, text) is None
            elif len(removed) == len(pieces):
                assert dropped.pop(d) == (d, "duplicate_sentences", None, 1.0)
                assert found[p].apply(d, text) is None
            elif (p, d) in rests:
                reason = "too_short" if rests[p, d] is None else "duplicate_document"
                assert dropped.pop(d) == (d, reason, rests[p, d], 1.0)
                assert found[p].apply(d, text) is None
            else:
                assert found[p].sentences_of(d) == removed
                assert found[p].apply(d, text) == (reference.rest(text, removed) if removed else text)
                written.append(reference.rest(text, removed))
        assert dropped == {}
    everything = "\n".join(written)
    long = (s.strip(reference.BLANKS) for texts in parts for text in texts for s in reference.plain_sentences(text))
    assert all(sentence in everything for sentence in long if reference.is_long(sentence, shortest))


def chained(parts: int = 3, documents: int = 60) -> Parts:
    """Documents with many repeats, near repeats and repeated sentences."""
    dice = random.Random(1)
    kana = "あいうえおかきくけこさしすせそたちつてとなにぬねの"
    rows = ["".join(dice.choices(kana, k=30)) + "。" for _ in range(40)]
    texts = []
    for _ in range(parts * documents):
        if texts and dice.random() < 0.6:
            text = list(dice.choice(texts))
            for _ in range(dice.choice([0, 1, 2, 4, 8])):
                text[dice.randrange(len(text))] = dice.choice(kana)
            texts.append("".join(text))
        else:
            texts.append("".join(dice.choices(rows, k=6)))
    return [texts[i * documents : (i + 1) * documents] for i in range(parts)]


def test_near_duplicates_are_those_of_plain_python(tmp_path: Path) -> None:
    parts = chained()
    repeated = reference.repeated_documents(parts)
    near = reference.near_duplicates(parts, repeated, 0.8, 5)
    found = run(tmp_path, parts, near=0.8, sentences=False)
    rows = {(p, row[0]): row for p, decisions in enumerate(found) for row in decisions.dropped()}
    exact = {place: row[2] for place, row in rows.items() if row[1] == "duplicate_document"}
    alike = {place: (row[2], row[3]) for place, row in rows.items() if row[1] == "near_duplicate_document"}
    assert exact == repeated
    assert len(near) > 20
    # One that is missed stays, so that later ones may resemble it more: nearly all are equal, and all are true.
    assert len(alike.keys() ^ near.keys()) <= 0.05 * len(near)
    for (p, d), (earlier, similarity) in alike.items():
        assert earlier is not None
        assert earlier < (p, d)
        assert earlier not in rows
        texts = parts[p][d], parts[earlier[0]][earlier[1]]
        assert similarity == reference.jaccard(*(reference.grams(text, 5) for text in texts)) >= 0.8


def test_bytes_depend_neither_on_threads_nor_on_memory(tmp_path: Path) -> None:
    parts = chained(parts=4, documents=400)
    for part, texts in enumerate(parts):
        texts += pages(240, 400, (0.15, 0.3))[60 * part : 60 * part + 60]
    seen = []
    for threads, memory in ((1, 2**30), (1, 2**16), (3, 2**18)):
        folder = tmp_path / f"{threads}-{memory}"
        run(folder, parts, threads=threads, near=0.7, memory=memory)
        buckets = len(list((folder / "work").glob("sentences-of-*/*")))
        assert (buckets > 1) == (memory < 2**30)
        seen.append(decision_bytes(folder))
    assert seen[0] == seen[1] == seen[2]
    votes = next((tmp_path / "1-65536/work").glob("votes-of-*"))
    assert sum(path.stat().st_size for path in votes.glob("*/votes.*")) > 100_000


def test_tasks_can_be_done_one_by_one_in_any_order_and_again(tmp_path: Path) -> None:
    parts = chained()
    (tmp_path / "once").mkdir()
    run(tmp_path / "whole", parts, near=0.8, memory=2**16)
    made = plan(tmp_path / "once", parts, DuplicatesConfig(near=0.8, memory=2**16))
    for step, tasks in made.steps():
        for task in [*reversed(range(tasks)), 0]:
            made.run_task(step, task)
    assert decision_bytes(tmp_path / "once") == decision_bytes(tmp_path / "whole")
    with pytest.raises(native.NcvcError, match="no task 99"):
        made.run_task("resolve", 99)


def test_parts_only_cut_the_input(tmp_path: Path) -> None:
    parts = chained()
    together = [[text for texts in parts for text in texts]]
    whole = run(tmp_path / "whole", together, near=0.8)[0]
    split = run(tmp_path / "split", parts, near=0.8)
    rows = zip(split, parts, strict=True)
    assert [row.apply(d, text) for row, texts in rows for d, text in enumerate(texts)] == [
        whole.apply(d, text) for d, text in enumerate(together[0])
    ]


def test_sizes_on_disk_are_the_documented(tmp_path: Path) -> None:
    texts = [f"これは{number}番目の文です。二つ目の文は{number}番です。" for number in range(5000)]
    plan(tmp_path, [texts], DuplicatesConfig(near=0.8))
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "fingerprints/0").iterdir()}
    for name, a_document in (("sizes.0", 8), ("documents.0", 24), ("sentences.0", 48), ("bands.0", 192)):
        assert a_document * 5000 < sizes[name] < a_document * 5000 * 1.005 + 64


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    parts = chained(parts=2, documents=30)
    run(tmp_path, parts, near=0.8)
    decisions = next((tmp_path / "work").glob("decisions-of-*")) / "000001"

    def read_fingerprints() -> None:
        plan(tmp_path, parts, DuplicatesConfig()).run_task("documents", 0)

    def read_decisions() -> None:
        native.Decisions.read(decisions)

    for path, read in (
        (tmp_path / "fingerprints/0/documents.0", read_fingerprints),
        (decisions / "dropped.0", read_decisions),
        (decisions / "sentences.0", read_decisions),
    ):
        whole = path.read_bytes()
        flips = (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, len(whole), 7))
        for damaged in (*flips, whole[: len(whole) // 2], b""):
            path.write_bytes(damaged)
            for task in (tmp_path / "work").glob("documents-of-*"):
                shutil.rmtree(task)
            with pytest.raises(native.NcvcError, match=f"{path.name}: damaged"):
                read()
        path.write_bytes(whole)
        read()


def test_mistakes_are_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "秘密"}\n{"no": 1}\n', encoding="utf-8")
    options = DuplicatesConfig().model_dump_json()
    with pytest.raises(native.InputError, match=r"bad\.jsonl:2: .*prepare the part again") as raised:
        native.fingerprint_part(bad, "text", options, tmp_path / "fingerprints")
    assert "秘密" not in str(raised.value)
    assert not (tmp_path / "fingerprints").exists()
    with pytest.raises(native.NcvcError, match="from 1 to 6"):
        native.Deduplication([], options.replace('"ngram":5', '"ngram":9'), tmp_path / "work")
