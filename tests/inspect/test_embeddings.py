"""Maps against scikit-learn and umap-learn called directly, and kinds of pieces against MeCab."""

import importlib.util
import json
from pathlib import Path

import fugashi
import ipadic
import numpy as np
import pytest

import ncvc
from ncvc.errors import NcvcError
from ncvc.hf.tokenizer import ExactTokenizer
from ncvc.inspect.embeddings.maps import NEIGHBOURS, Piece, classify, kinship, tsne, umap
from ncvc.inspect.embeddings.part_of_speech import PartsOfSpeech
from ncvc.inspect.embeddings.scatter import STEPS, scatter, script, search_box
from tests.browser import Page, find_browser
from tests.conftest import SLOW
from tests.inspect.conftest import NEEDS_FONT

RANDOM = np.random.default_rng(4)
MATRIX = RANDOM.normal(size=(90, 8)).astype(np.float32)
NEEDS_UMAP = pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="umap-learn is in the extra inspect")


def test_tsne_is_scikit_learns_with_the_papers_perplexity() -> None:
    from sklearn.manifold import TSNE

    expected = TSNE(n_components=2, perplexity=15, random_state=7).fit_transform(MATRIX)
    found = tsne(MATRIX, 7)
    assert found == pytest.approx(expected, abs=1e-4)
    assert (found == tsne(MATRIX, 7)).all()


@SLOW
@NEEDS_UMAP
@pytest.mark.filterwarnings("ignore")
def test_umap_is_umap_learns_with_the_papers_neighbours() -> None:
    from umap import UMAP

    expected = UMAP(n_neighbors=15, random_state=7, n_jobs=1).fit_transform(MATRIX)
    found = umap(MATRIX, 7)
    assert found == pytest.approx(expected, abs=1e-4)
    assert (found == umap(MATRIX, 7)).all()


def test_parts_of_speech_are_those_of_mecab(tokenizer_folder: Path) -> None:
    """MeCab's choice for a word alone depends on its neighbours too, so that only its entry must be there."""
    parts, mecab = PartsOfSpeech(), fugashi.GenericTagger(ipadic.MECAB_ARGS)
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    compared = 0
    for token in range(4, 3000):
        word = tokenizer.id_to_piece(token) or ""
        found = mecab(word)
        if len(found) == 1 and not found[0].is_unk:
            assert found[0].feature[0] in {part for part, _ in parts.entries(word)}, word
            compared += 1
        elif len(found) > 1:
            assert parts.find(word) is None or len(word) > 1
    assert compared > 800
    assert [parts.find(word) for word in ("は", "と", "です", "そして", "この", "患者", "。")] == [
        "助詞", "助詞", "助動詞", "接続詞", "連体詞", "名詞", "記号"
    ]  # fmt: skip
    assert [parts.find(word) for word in ("", "😀", "患者は", "\n", "\udcff")] == [None] * 5


def test_kinds_of_pieces(tokenizer_folder: Path) -> None:
    tokenizer = ExactTokenizer(ncvc.Tokenizer.load(tokenizer_folder), 2)
    texts = [tokenizer.piece(token) for token in range(tokenizer.vocab_size)]
    pieces = classify([*texts, ""], tokenizer, {"高血圧症", "発熱"})
    assert [piece.id for piece in pieces] == list(range(tokenizer.vocab_size)), "ids without a text are left out"
    kinds = {piece.text: piece.kind for piece in pieces}
    assert [kinds[text] for text in ("<unk>", "<|begin_of_text|>", "<|end_of_text|>", "\n")] == [
        *["special"] * 3,
        "other",
    ]
    assert [kinds[text] for text in ("は", "を", "発熱")] == ["function", "function", "term"]
    assert {piece.kind for piece in pieces if piece.part == "名詞"} == {"other", "term"}


def test_kinship_counts_neighbours_of_the_same_kind() -> None:
    pieces = [Piece(i, str(i), "function" if i % 3 == 0 else "other", None) for i in range(90)]
    unit = MATRIX.astype(float) / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    shares = []
    for i in range(0, 90, 3):
        others = sorted((j for j in range(90) if j != i), key=lambda j: -float(unit[i] @ unit[j]))
        shares.append(sum(j % 3 == 0 for j in others[:NEIGHBOURS]) / NEIGHBOURS)
    assert kinship(MATRIX, pieces, "function") == pytest.approx((np.mean(shares), 29 / 89))
    assert kinship(MATRIX, pieces, "term") is None
    apart = MATRIX + np.where(np.arange(90)[:, None] % 3 == 0, 100, -100).astype(np.float32)
    assert kinship(apart, pieces, "function") == (1.0, 29 / 89)


def test_equal_rows_are_no_neighbours_of_themselves() -> None:
    matrix = np.ones((40, 4), np.float32)
    pieces = [Piece(i, str(i), "term" if i < 20 else "other", None) for i in range(40)]
    found = kinship(matrix, pieces, "term")
    assert found is not None
    assert 0 <= found[0] <= 1


@pytest.mark.skipif(find_browser() is None, reason="needs a browser")
def test_the_plot_answers_to_search_and_pointer(tmp_path: Path) -> None:
    from ncvc.html.page import page

    points = np.array([[-5.0, 0.0], [5.0, 0.0], [0.0, 2.5]])
    names = [("c7", "other"), ("c3", "function")]
    body = scatter(points, ['<b>"脳"', "は&'", "脳卒中"], ["id 1", "id 2", "id 3"], [0, 1, 0], names)
    data = json.loads(body.split('data-scatter="')[1].split('"')[0].replace("&quot;", '"').replace("&#x27;", "'"))
    assert (data["x"], data["y"]) == ([0, STEPS, 32768], [24576, 24576, 40959])
    path = tmp_path / "page.html"
    path.write_text(page(("a", "b"), search_box(), body, script=script()), encoding="utf-8")
    with Page(str(find_browser()), tmp_path / "profile") as shown:
        shown.open(path.as_uri())
        rightmost = (
            "(() => { const c = document.querySelector('canvas'), d = c.getContext('2d'), w = c.width, h = c.height;"
            " const p = d.getImageData(0, 0, w, h).data; let m = 0;"
            " for (let i = 3; i < p.length; i += 4) if (p[i]) m = Math.max(m, (i >> 2) % w); return m; })()"
        )
        assert shown.run(rightmost) > 0
        before = shown.run(rightmost)
        shown.run("document.querySelectorAll('[data-kind]')[1].click()")
        assert shown.run(rightmost) < before, "the function word is hidden"
        shown.run("document.querySelectorAll('[data-kind]')[1].click()")
        shown.run("document.getElementById('search').focus()")
        shown.write("脳")
        assert shown.run("document.getElementById('found').textContent") == "2"
        place = shown.run(
            "(() => { const c = document.querySelector('canvas'); c.scrollIntoView({ block: 'center', behavior: 'instant' });"
            " const b = c.getBoundingClientRect();"
            " const s = Math.min(b.width, b.height) - 24;"
            " return [b.left + b.width / 2 + s / 2, b.top + b.height / 2 + s / 8]; })()"
        )
        shown.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
        assert shown.run("document.querySelector('.tip').textContent") == "は&' · id 2"
        assert shown.run("document.querySelector('.tip').hidden") is False
        # The browser remarks that this test reads the canvas again and again.
        assert [fault for fault in shown.faults() if "getImageData" not in fault] == []


@NEEDS_FONT
@NEEDS_UMAP
@pytest.mark.filterwarnings("ignore")
def test_the_folder_is_the_same_twice(arcee: Path, tmp_path: Path) -> None:
    from ncvc.inspect.embeddings.run import run
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.progress import Reporter

    for name in ("one", "two"):
        output = require_inspection("embeddings", tmp_path / name, [arcee], replace=False)
        result = run(find_model(arcee), output, terms=["発熱"], most=150, reporter=Reporter())
        assert sum(result.counts.values()) == 150
        assert result.counts["special"] == 3
    for file in ("tsne.png", "umap.png", "index.html", "numbers.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@NEEDS_FONT
def test_the_time_of_many_pieces_is_said_before(arcee: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ncvc.inspect.embeddings import run as module
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.progress import Reporter

    said: list[str] = []

    def place(matrix: np.ndarray, _: int) -> np.ndarray:
        said.append(f"begin {len(matrix):,}")
        return matrix[:, :2]

    monkeypatch.setattr(module, "PLACES", dict.fromkeys(("t-SNE", "UMAP"), place))
    reporter = Reporter()
    monkeypatch.setattr(reporter, "say", said.append)
    output = require_inspection("embeddings", tmp_path / "out", [arcee], replace=False)
    module.run(find_model(arcee), output, reporter=reporter)
    assert said[0] == "placing 12,000 pieces by t-SNE, about 1 min 24 s on one core"
    assert said[3] == "placing 12,000 pieces by UMAP, about 1 min 5 s on one core"
    assert said[1] == said[4] == "begin 12,000"


@NEEDS_FONT
def test_too_few_pieces_are_refused(arcee: Path, tmp_path: Path) -> None:
    from ncvc.inspect.embeddings.run import run
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.progress import Reporter

    output = require_inspection("embeddings", tmp_path / "out", [arcee], replace=False)
    with pytest.raises(NcvcError, match="has 16 pieces with a text, too few for 15 neighbours"):
        run(find_model(arcee), output, most=16, reporter=Reporter())
    assert not (tmp_path / "out").exists()


def test_a_text_that_would_lie_on_another_is_left_out() -> None:
    from matplotlib.figure import Figure

    from ncvc.inspect.embeddings.write import _remove_overlapping

    figure = Figure()
    axes = figure.add_subplot()
    texts = [axes.annotate(name, place) for name, place in (("one", (0, 0)), ("on it", (0, 0)), ("far", (0.9, 0.9)))]
    figure.draw_without_rendering()
    _remove_overlapping(texts)
    assert [text.get_text() for text in axes.texts] == ["one", "far"]
