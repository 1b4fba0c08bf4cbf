"""Attention weights beside a few lines of numpy, and shares beside plain loops."""

import numpy as np
import pytest

from ncvc.errors import NcvcError, PromptError
from ncvc.inspect.attention.maps import choose, parse_heads, parse_numbers, require_in
from ncvc.inspect.attention.packed import pack
from ncvc.inspect.attention.shares import shares
from ncvc.inspect.attention.weights import attention_weights, default_layers
from tests.inspect.characters import BEGIN, END, Characters, tiny

TEXTS = ["発熱を認める", "咳と痰", "肺炎"]


def softmax(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def turned(vectors: np.ndarray, base: float = 10_000.0) -> np.ndarray:
    """Rotary embedding: [heads, tokens, size], the halves of a vector are the two parts of complex numbers."""
    _, tokens, size = vectors.shape
    angles = np.arange(tokens)[:, None] * base ** (-np.arange(size // 2) / (size // 2))
    real, imaginary = vectors[..., : size // 2], vectors[..., size // 2 :]
    whole = (real + 1j * imaginary) * np.exp(1j * angles)
    return np.concatenate([whole.real, whole.imag], -1)


def test_weights_of_the_first_layer_by_hand() -> None:
    lm = tiny(Characters(TEXTS), layers=2)
    packed = pack(lm.tokenizer, TEXTS)
    weights = {name: value.detach().double().numpy() for name, value in lm.model.named_parameters()}
    hidden = weights["model.embed_tokens.weight"][packed.ids]
    normed = hidden / np.sqrt((hidden**2).mean(-1, keepdims=True) + lm.model.config.rms_norm_eps)
    normed = normed * weights["model.layers.0.input_layernorm.weight"]

    def heads(name: str, count: int) -> np.ndarray:
        projected = normed @ weights[f"model.layers.0.self_attn.{name}.weight"].T
        return turned(projected.reshape(len(packed), count, 12).transpose(1, 0, 2))

    queries, keys = heads("q_proj", 4), heads("k_proj", 2).repeat(2, axis=0)
    scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(12)
    expected = softmax(np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -np.inf))
    found = attention_weights(lm, packed.ids)
    assert len(found) == 2
    assert np.abs(found[0] - expected).max() < 1e-5
    assert all(np.abs(layer.sum(2) - 1).max() < 1e-5 for layer in found)
    assert lm.model.config._attn_implementation == "sdpa"  # as it was


def test_with_a_document_mask_each_text_gets_the_weights_that_it_gets_alone() -> None:
    tokenizer = Characters(TEXTS)
    lm = tiny(tokenizer, layers=2)
    packed = pack(tokenizer, TEXTS, document_mask=True)
    found = attention_weights(lm, packed.ids, packed.visible)
    expected = [np.zeros(layer.shape, np.float32) for layer in found]
    for number in range(len(TEXTS)):
        own = np.flatnonzero(packed.documents == number)
        for whole, layer in zip(expected, attention_weights(lm, [packed.ids[place] for place in own]), strict=True):
            whole[:, own[0] : own[-1] + 1, own[0] : own[-1] + 1] = layer
    assert np.abs(np.array(found) - np.array(expected)).max() < 1e-5
    assert all((layer[:, ~packed.visible] == 0).all() for layer in found)


def test_with_a_document_mask_the_first_token_is_that_of_each_text() -> None:
    packed = pack(Characters(TEXTS), TEXTS, document_mask=True)
    lengths = [8, 5, 4]
    uniform = packed.visible / packed.visible.sum(1, keepdims=True)
    found = {share.kind: share for share in shares(packed, [uniform[None].astype(np.float32)])}
    assert found.keys() == {"first_token", "end_of_text"}
    asking = [1 / place for length in lengths for place in range(2, length + 1)]
    assert found["first_token"].positions == len(asking)
    assert found["first_token"].uniform == pytest.approx(np.mean(asking))
    assert found["end_of_text"].positions == 3
    assert found["end_of_text"].uniform == pytest.approx(np.mean([1 / length for length in lengths]))
    for share in found.values():
        assert share.values[0, 0] == pytest.approx(share.uniform, abs=1e-6)


def test_a_packed_sequence_is_texts_with_their_marks() -> None:
    tokenizer = Characters(TEXTS)
    packed = pack(tokenizer, TEXTS)
    assert packed.ids == [token for text in TEXTS for token in (BEGIN, *tokenizer.encode(text), END)]
    assert packed.documents.tolist() == [0] * 8 + [1] * 5 + [2] * 4
    assert np.flatnonzero(packed.is_end).tolist() == [7, 12, 16]
    assert np.flatnonzero(packed.is_begin).tolist() == [0, 8, 13]
    assert packed.pieces[:3] == ["<s>", "発", "熱"]

    class WithoutBegin(Characters):
        def begin(self, ids: list[int]) -> list[int]:
            return [END, *ids]  # as a document began in such data: behind the end of the one before

    assert pack(WithoutBegin(TEXTS), TEXTS).ids == [token for text in TEXTS for token in (*tokenizer.encode(text), END)]
    with pytest.raises(PromptError, match="text 2 is nothing"):
        pack(tokenizer, ["発熱", ""])


def test_shares_are_those_of_plain_loops() -> None:
    tokenizer = Characters(TEXTS)
    packed = pack(tokenizer, TEXTS)
    random = np.random.default_rng(0)
    size = len(packed)
    layer = np.tril(random.random((3, size, size))).astype(np.float32)
    layer /= layer.sum(2, keepdims=True)

    def wanted(kind: str, row: int, column: int) -> bool:
        special = column == 0 or packed.ids[column] in (BEGIN, END)
        earlier = packed.documents[column] < packed.documents[row]
        return {
            "first_token": column == 0,
            "end_of_text": packed.ids[column] == END,
            "begin_of_text": packed.ids[column] == BEGIN and column > 0,
            "earlier_documents": earlier,
            "earlier_text": earlier and not special,
        }[kind]

    found = shares(packed, [layer, layer])
    assert len(found) == 5
    for share in found:
        sums, uniform = [], []
        for row in range(1, size):
            columns = [column for column in range(row + 1) if wanted(share.kind, row, column)]
            if columns:
                sums.append(layer[:, row, columns].sum(1))
                uniform.append(len(columns) / (row + 1))
        assert share.positions == len(sums)
        assert share.uniform == pytest.approx(np.mean(uniform))
        assert share.values.shape == (2, 3)
        assert np.allclose(share.values, np.mean(sums, axis=0), atol=1e-6)


def test_a_uniform_head_has_the_share_of_a_uniform_head() -> None:
    packed = pack(Characters(TEXTS), TEXTS)
    size = len(packed)
    uniform = (np.tril(np.ones((size, size))) / np.arange(1, size + 1)[:, None]).astype(np.float32)[None]
    for share in shares(packed, [uniform]):
        assert share.values[0, 0] == pytest.approx(share.uniform, abs=1e-6)
    [alone] = [each for each in shares(pack(Characters(TEXTS), TEXTS[:1]), [uniform[:, :8, :8]]) if each.kind == "earlier_documents"] or [None]  # fmt: skip
    assert alone is None  # a single document has nothing before it


def test_layers_and_heads() -> None:
    assert [default_layers(count) for count in (1, 2, 4, 12, 24, 32)] == [
        [1], [1, 2], [1, 2, 4], [1, 6, 12], [1, 12, 24], [1, 12, 24],
    ]  # fmt: skip
    weights = [np.full((2, 3, 3), value, np.float32) for value in (1, 2)]
    weights[1][1] = 4
    assert [[(each.layer, each.head) for each in own] for own in choose(weights, [1, 2], "all")] == [
        [(1, 1), (1, 2)],
        [(2, 1), (2, 2)],
    ]
    [[mean]] = choose(weights, [2], "mean")
    assert mean.weights.max() == 3
    assert [each.weights.max() for each in choose(weights, [2], (2,))[0]] == [4]
    assert parse_heads("mean") == "mean"
    assert parse_heads("2, 5") == (2, 5)
    for text in ("0", "1,,2", "x", "-1", "１"):
        with pytest.raises(NcvcError, match="with commas between them"):
            parse_numbers(text, "--layers")
    with pytest.raises(NcvcError, match="layer 5: the model has 4"):
        require_in([1, 5], 4, "layer")


def test_texts_that_are_too_long_are_refused() -> None:
    lm = tiny(Characters(TEXTS), length=8)
    with pytest.raises(PromptError, match="9 tokens; the model holds 8"):
        attention_weights(lm, [2] * 9)
