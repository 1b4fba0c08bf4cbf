"""The adult-word filter: clinical text stays, the advertisements of pornography go."""

import json
from pathlib import Path

import pytest

import ncvc
from ncvc._native import Filters, InputError, NcvcError
from ncvc.corpus.filters import ADULT_WORDS, AdultWords, FiltersConfig

HERE = Path(__file__).parent

ONLY = {
    "copyright_notices": None,
    "unfinished_sentences": None,
    "too_short": None,
    "japanese": None,
    "repetition": None,
}


def only_adult_words(**settings: object) -> str:
    return FiltersConfig.model_validate({**ONLY, "adult_words": settings}).options(HERE)


def sentences(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return ncvc.clean_batch([line for line in lines if not line.startswith("#")])


@pytest.fixture(scope="module")
def analyzer(dictionary: Path) -> ncvc.Analyzer:
    return ncvc.Analyzer.load(dictionary)


@pytest.fixture(scope="module")
def filters(analyzer: ncvc.Analyzer) -> Filters:
    return Filters(only_adult_words(), analyzer)


def test_clinical_sentences_stay(filters: Filters) -> None:
    texts = sentences("clinical.txt")
    assert len(set(texts)) >= 200
    assert filters.apply_batch(texts) == [(text, None) for text in texts]


def test_clinical_documents_stay(filters: Filters) -> None:
    sections = (HERE / "clinical.txt").read_text(encoding="utf-8").split("\n# ")
    documents = [ncvc.clean(section.partition("\n")[2]) for section in sections]
    documents.append("\n".join(sentences("clinical.txt")))
    assert [reason for _, reason in filters.apply_batch(documents)] == [None] * len(documents)


def test_advertisements_go(filters: Filters) -> None:
    texts = sentences("spam.txt")
    assert len(set(texts)) >= 60
    stay = [text for text, reason in filters.apply_batch(texts) if reason is None]
    assert len(stay) <= 0.05 * len(texts), stay


def test_it_needs_the_boundaries_of_words(analyzer: ncvc.Analyzer) -> None:
    # With a limit that any word of the list reaches, letters inside other words still count for nothing.
    options = only_adult_words(least_weight=0.001, least_words=1)
    filters = Filters(options, analyzer)
    inside = ["アスパラガス", "アナルトリー", "パチンコ", "エロモナス", "エロージョン", "エッチング", "素人妻"]
    assert [reason for _, reason in filters.apply_batch([f"{word}について説明する。" for word in inside[:6]])] == [
        None
    ] * 6
    assert filters.apply("エロ動画について▁説明する。")[1] == "adult_words"
    assert filters.apply("一行目。\n▁これは▁無修正▁です。")[1] == "adult_words"


def test_a_long_text_may_hold_a_few(filters: Filters) -> None:
    spam = sentences("spam.txt")[0]
    assert filters.apply(spam)[1] == "adult_words"
    around = "\n".join(sentences("clinical.txt") * 2)
    assert filters.apply(f"{around}\n{spam}")[1] is None


def test_the_list_is_sound_and_keeps_clinical_words_out() -> None:
    text = ADULT_WORDS.read_text(encoding="utf-8")
    words = [line.split("#")[0].split()[0] for line in text.splitlines() if line.split("#")[0].strip()]
    kept_out = "".join(line for line in text.splitlines() if line.startswith("#"))
    assert len(words) > 150
    for word in ("性器", "陰茎", "膣", "乳房", "勃起", "射精", "性交", "オナニー", "ポルノ", "レイプ", "痴漢", "盗撮"):
        assert word not in words
        assert word in kept_out


def test_mistakes_are_explained(analyzer: ncvc.Analyzer) -> None:
    options = json.loads(only_adult_words())
    options["adult_words"] |= {"list_name": "my_words.txt", "list": "# mine\n動画 1\n動画\n"}
    with pytest.raises(InputError, match=r"my_words.txt:3: write a word, a space and its weight"):
        Filters(json.dumps(options), analyzer)
    with pytest.raises(NcvcError, match="name a tokenizer"):
        Filters(only_adult_words())


def test_a_list_of_ones_own(analyzer: ncvc.Analyzer, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("肺炎 10\n", encoding="utf-8")
    words = AdultWords(list="words.txt", least_words=1)
    options = FiltersConfig.model_validate({**ONLY, "adult_words": words}).options(tmp_path)
    assert Filters(options, analyzer).apply("肺炎を疑う。") == (None, "adult_words")
    assert Filters(options, analyzer).apply("心不全を疑う。") == ("心不全を疑う。", None)


def test_the_shared_medical_corpus_loses_nothing(filters: Filters, shared: Path) -> None:
    import zstandard

    packed = (shared / "corpora/medical_ja.jsonl.zst").read_bytes()
    lines = zstandard.ZstdDecompressor().stream_reader(packed).read().decode("utf-8").splitlines()
    texts = ncvc.clean_batch([json.loads(line)["text"] for line in lines])
    assert len(texts) > 8000
    assert [text for text, reason in filters.apply_batch(texts) if reason] == []
