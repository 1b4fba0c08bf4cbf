"""Embeddings, the random forest on them as plain arrays, and its scores as a filter of the pass."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.errors import NcvcError
from ncvc.evaluate.models import find_models
from ncvc.executors import LocalExecutor
from ncvc.hf.last_state import last_states
from ncvc.hf.load import load
from ncvc.manifest import verify
from ncvc.quality import embed as embedding_module
from ncvc.quality.apply import ROW, apply
from ncvc.quality.documents import Document, find_inputs, read_documents
from ncvc.quality.embed import Embedding, embed, read_embeddings
from ncvc.quality.fit import fit
from ncvc.quality.fitted import convincing
from ncvc.quality.forest import NODE, load_forest, save_forest, to_arrays
from ncvc.quality.measures import measure
from tests.quality.conftest import write_documents


@pytest.mark.parametrize(("trees", "depth"), [(1, 1), (7, None), (40, 6)])
def test_a_forest_of_arrays_is_scikit_learns(trees: int, depth: int | None, tmp_path: Path) -> None:
    draw = np.random.RandomState(0)
    vectors = draw.randn(900, 12).astype(np.float32)
    # Values that stand in the training data, too: on the edge of a branch.
    is_high = vectors[:, 0] + vectors[:, 1] ** 2 + draw.randn(900) > 0.7
    theirs = RandomForestClassifier(trees, max_depth=depth, random_state=1).fit(vectors[:600], is_high[:600])
    save_forest(tmp_path, to_arrays(theirs))
    ours = load_forest(tmp_path, 12)
    assert len(ours.roots) == trees
    np.testing.assert_allclose(ours.scores(vectors), theirs.predict_proba(vectors)[:, 1], rtol=0, atol=1e-12)


def test_a_damaged_forest_is_refused(tmp_path: Path) -> None:
    leaf, root = (0, -1, -1, 0.0, 0.5), (3, 1, 2, 0.0, 0.5)
    np.save(tmp_path / "forest.npy", np.array([root, leaf, leaf], NODE))
    assert load_forest(tmp_path, 4).scores(np.zeros((2, 4), np.float32)).tolist() == [0.5, 0.5]
    bad: list[Any] = [
        np.array([(3, 0, 2, 0.0, 0.5), leaf, leaf], NODE),  # a circle
        np.array([(3, 1, 3, 0.0, 0.5), leaf, leaf], NODE),  # a child beyond the end
        np.array([(4, 1, 2, 0.0, 0.5), leaf, leaf], NODE),  # a dimension that is not there
        np.array([], NODE),
        np.zeros(3),
    ]
    for array in bad:
        np.save(tmp_path / "forest.npy", array)
        with pytest.raises(NcvcError, match=r"forest\.npy"):
            load_forest(tmp_path, 4)
    np.save(tmp_path / "forest.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(NcvcError, match="damaged"):
        load_forest(tmp_path, 4)


def test_measures_are_scikit_learns() -> None:
    draw = np.random.RandomState(1)
    is_high = draw.rand(500) < 0.8
    scores = np.round(np.clip(0.3 * draw.randn(500) + np.where(is_high, 0.7, 0.4), 0, 1), 2)
    found = measure(scores, is_high)
    low, calls_low = ~is_high, scores < 0.5
    assert found.accuracy == pytest.approx(accuracy_score(low, calls_low))
    assert found.low_precision == pytest.approx(precision_score(low, calls_low))
    assert found.low_recall == pytest.approx(recall_score(low, calls_low))
    assert found.auc == pytest.approx(roc_auc_score(is_high, scores))
    assert found.brier == pytest.approx(brier_score_loss(is_high, scores))
    assert sum(each.documents for each in found.bins) == 500
    for each in found.bins:
        place = int(each.score * 10)
        inside = [bool(high) for score, high in zip(scores, is_high, strict=True) if min(int(score * 10), 9) == place]
        assert each.high == pytest.approx(sum(inside) / len(inside), abs=0.05)
    [half] = [each for each in found.going if each.threshold == 0.5]
    assert half.all == pytest.approx(float(calls_low.mean()))
    assert half.low == pytest.approx(found.low_recall)


def test_measures_of_one_label_alone_say_so() -> None:
    found = measure(np.array([0.9, 0.8]), np.array([True, True]))
    assert (found.low_precision, found.low_recall, found.auc) == (None, None, None)


def test_convincing_documents_are_those_as_their_label_says() -> None:
    scores, is_high = np.array([0.9, 0.1, 0.6, 0.2, 0.7]), np.array([True, True, True, False, False])
    assert convincing(scores, is_high, of_high=True, most=2) == ([0, 2], [1, 2])
    assert convincing(scores, is_high, of_high=False, most=2) == ([3, 4], [4, 3])


def test_a_batch_gives_the_states_of_single_texts(model_folder: Path) -> None:
    lm = load(model_folder)
    texts = ["咳", "患者は発熱を主訴に来院した。", "熱がある", "a", "異常はない。"]
    ids = [lm.tokenizer.begin(lm.tokenizer.encode(text)) for text in texts]
    found = last_states(lm, ids)
    for place, each in enumerate(ids):
        output = lm.model(input_ids=torch.tensor([each]), output_hidden_states=True)
        np.testing.assert_allclose(found[place], output.hidden_states[-1][0, -1].detach(), atol=2e-5)
        # It is what the head reads.
        np.testing.assert_allclose(
            lm.model.get_output_embeddings()(torch.tensor(found[place])).detach(),
            output.logits[0, -1].detach(),
            atol=1e-4,
        )


def test_embeddings_are_in_order_and_go_on_after_a_stop(
    corpus_file: Path, model_folder: Path, embeddings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = list(read_documents([corpus_file]))
    [(ids, vectors)] = read_embeddings(embeddings)
    assert [bytes(row).hex() for row in ids] == [document.id for document in documents]
    assert not list(verify(embeddings))
    monkeypatch.setattr(embedding_module, "PART", 50)
    task = Embedding(find_inputs([str(corpus_file)]), find_models([str(model_folder)])[0])
    opened = embedding_module._local

    def failing(*arguments: Any) -> Any:
        embedder, calls = opened(*arguments), []

        def call(texts: Any) -> Any:
            calls.append(texts)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return embedder(texts)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(embedding_module, "_local", failing)
        with pytest.raises(KeyboardInterrupt):
            embed(task, tmp_path / "out")
    finished = tmp_path / ".out.partial/parts/embeddings_00000.npy"
    before = finished.stat().st_ino
    assert embed(task, tmp_path / "out") == {"documents": 120, "dimensions": 32}
    assert (tmp_path / "out/embeddings_00000.npy").stat().st_ino == before
    parts = list(read_embeddings(tmp_path / "out"))
    assert [len(part[0]) for part in parts] == [50, 50, 20]
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts]), vectors, atol=2e-5)


@pytest.fixture
def embedding_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            [text] = asked[-1]["input"]
            body = json.dumps({"data": [{"embedding": [float(len(text)), float(text.count("。"))]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1#e", asked
    server.shutdown()
    server.server_close()


def test_a_server_embeds_the_beginning(embedding_server: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    address, asked = embedding_server
    (tmp_path / "in.jsonl").write_text('{"text": "体温 37.8℃。咳がある。"}\n{"text": "熱。"}\n', encoding="utf-8")
    task = Embedding(find_inputs([str(tmp_path / "in.jsonl")]), find_models([address])[0], most_characters=9)
    embed(task, tmp_path / "out")
    [(_, vectors)] = read_embeddings(tmp_path / "out")
    assert vectors.tolist() == [[9.0, 1.0], [2.0, 1.0]]
    assert sorted(each["input"][0] for each in asked) == ["体温 37.8℃。", "熱。"]


def test_the_forest_drops_documents_of_the_pass_by_their_embeddings(
    labels: Path, embeddings: Path, corpus_file: Path, tmp_path: Path
) -> None:
    fitted = fit(labels, tmp_path / "model", embeddings=embeddings, trees=20)
    assert set(fitted.measures) == {"linear", "forest"}
    summary = apply(tmp_path / "model", embeddings, tmp_path / "scores")
    assert not list(verify(tmp_path / "scores"))
    rows = np.frombuffer((tmp_path / "scores/scores.bin").read_bytes(), ROW)
    assert summary["documents"] == len(rows) == 120
    scores = {bytes(row["id"]).hex(): float(row["score"]) for row in rows}
    [(_, vectors)] = read_embeddings(embeddings)
    by_hand = load_forest(tmp_path / "model", 32).scores(vectors)
    documents = list(read_documents([corpus_file]))
    assert [scores[document.id] for document in documents] == pytest.approx(by_hand.tolist(), abs=1e-6)
    filters = dict.fromkeys(FiltersConfig.model_fields) | {"quality": {"model": "scores", "threshold": 0.5}}
    source = {"name": "a", "inputs": [str(corpus_file)], "filters": filters}
    config = PreprocessConfig.model_validate({"sources": [source], "output": "out"})
    found = preprocess(config, tmp_path, to="text", executor=LocalExecutor(1)).to_json()
    expected = sum(scores[document.id] < 0.5 for document in documents)
    assert 0 < expected < 120
    assert found["reasons"]["low_quality"] == expected


def test_embeddings_of_another_model_are_refused(
    labels: Path, embeddings: Path, embedding_server: tuple[str, Any], tmp_path: Path
) -> None:
    fit(labels, tmp_path / "model", embeddings=embeddings, trees=3)
    write_documents(tmp_path / "in.jsonl", 3)
    embed(Embedding(find_inputs([str(tmp_path / "in.jsonl")]), find_models([embedding_server[0]])[0]), tmp_path / "e")
    with pytest.raises(NcvcError, match="2 dimensions, and the forest was trained on 32"):
        apply(tmp_path / "model", tmp_path / "e", tmp_path / "scores")
    fit(labels, tmp_path / "linear")
    with pytest.raises(NcvcError, match="holds no forest"):
        apply(tmp_path / "linear", embeddings, tmp_path / "scores")


def test_documents_without_an_embedding_are_left_out(labels: Path, model_folder: Path, tmp_path: Path) -> None:
    texts = write_documents(tmp_path / "in.jsonl", 120)
    half = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts[:80])
    (tmp_path / "in.jsonl").write_text(half, encoding="utf-8")
    embed(Embedding(find_inputs([str(tmp_path / "in.jsonl")]), find_models([str(model_folder)])[0]), tmp_path / "e")
    fitted = fit(labels, tmp_path / "model", embeddings=tmp_path / "e", trees=3)
    assert fitted.left_out == {"no embedding": 40}
    assert fitted.trained + len(fitted.texts) == 80
    assert {Document(text).id for text in fitted.texts} <= {Document(text).id for text in texts[:80]}
