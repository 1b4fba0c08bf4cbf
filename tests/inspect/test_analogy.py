"""Analogies against arithmetic in plain Python, on rows that are read from the files by safetensors itself."""

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from ncvc.errors import InputError, NcvcError
from ncvc.inspect.analogy.read import read_analogies
from ncvc.inspect.analogy.run import run
from ncvc.inspect.analogy.solve import Analogy, Space, measure, solve_file
from ncvc.inspect.folder import require_inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import find_model
from ncvc.inspect.vocabulary import Vocabulary, Word
from ncvc.manifest import verify
from tests.inspect.conftest import ARCHITECTURES, NEEDS_FONT


class Letters:
    """A tokenizer of the letters a to z, each a piece, and of `the`, which stands for t, h and e together."""

    end_ids = frozenset([0])

    def begin(self, ids):
        return [*ids]

    def encode(self, text):
        return [26] if text == "the" else [ord(letter) - 97 for letter in text if letter.isascii()]

    def decode(self, ids):
        return "".join(map(self.piece, ids))

    def piece(self, token):
        return "" if token > 27 else "the" if token == 26 else "xy" if token == 27 else chr(97 + token)


MATRIX = np.random.default_rng(0).normal(size=(29, 6)).astype(np.float32)
VOCABULARY = Vocabulary(Letters(), 29)


def cosine(a: list[float], b: list[float]) -> float:
    return math.sumprod(a, b) / math.sqrt(math.sumprod(a, a) * math.sumprod(b, b))


def solved(space: Space, *words: str, count: int = 30) -> Analogy:
    a, b, c = (VOCABULARY.word(word) for word in words)
    return space.solve((a, b, c), count)


def test_the_nearest_pieces_are_those_of_plain_arithmetic() -> None:
    rows = MATRIX.astype(float).tolist()
    target = [a - b + c for a, b, c in zip(rows[0], rows[1], rows[2], strict=True)]
    expected = sorted((-cosine(rows[i], target), i) for i in range(3, 28))
    found = solved(Space(MATRIX, VOCABULARY), "a", "b", "c")
    assert [near.id for near in found.nearest] == [i for _, i in expected], "without a, b, c and the row without a text"
    assert [near.cosine for near in found.nearest] == pytest.approx([-value for value, _ in expected], abs=1e-6)


def test_the_length_of_vectors_counts_unless_they_are_scaled() -> None:
    matrix = MATRIX.copy()
    matrix[0] *= 50
    long = solved(Space(matrix, VOCABULARY), "a", "b", "c").nearest
    unit = solved(Space(matrix, VOCABULARY, unit=True), "a", "b", "c").nearest
    assert long != unit
    lengths = np.linalg.norm(MATRIX[:3], axis=1, keepdims=True)
    a, b, c = (MATRIX[:3] / lengths).astype(float)
    best = max(range(3, 28), key=lambda i: cosine(MATRIX[i].astype(float).tolist(), (a - b + c).tolist()))
    assert unit[0].id == best


def test_a_word_of_several_pieces_is_their_mean() -> None:
    space = Space(MATRIX, VOCABULARY)
    word = VOCABULARY.find("de", several=True)
    assert word == Word("de", (3, 4), ("d", "e"))
    assert word.note == "de is the mean of d + e"
    assert space.vector(word) == pytest.approx((MATRIX[3] + MATRIX[4]) / 2)
    # Its pieces may be found; a piece that is a word of the user's may not.
    assert {3, 4} <= {near.id for near in solved(space, "de", "b", "c").nearest}
    with pytest.raises(NcvcError, match=r"de: is no piece of the vocabulary but 2 \(d e\); with --words"):
        VOCABULARY.find("de", several=False)
    with pytest.raises(NcvcError, match="nothing is left"):
        VOCABULARY.find("脳", several=True)


def test_whole_words_are_pieces_that_are_encoded_as_themselves() -> None:
    assert VOCABULARY.texts[27] == "xy"
    assert VOCABULARY.words() == list(range(27)), "xy is encoded as x and y"
    assert VOCABULARY.find("xy", several=False).ids == (27,)
    only = solved(Space(MATRIX, VOCABULARY, VOCABULARY.words()), "a", "b", "c").nearest
    assert 27 not in {near.id for near in only}


def test_equal_cosines_are_in_the_order_of_ids_and_rows_of_zeros_come_as_cosine_0() -> None:
    matrix = np.zeros((29, 6), np.float32)
    matrix[[0, 5, 9]] = [1, 0, 0, 0, 0, 0]
    found = solved(Space(matrix, VOCABULARY), "a", "b", "c").nearest
    assert [(near.id, near.cosine) for near in found[:3]] == [(5, 1.0), (9, 1.0), (3, 0.0)]


def test_scores_of_a_file(tmp_path: Path) -> None:
    matrix = np.eye(29, 29, dtype=np.float32)
    matrix[3] = matrix[0] - matrix[1] + matrix[2]  # d is the answer
    matrix[6] = matrix[4] - 0.5 * matrix[5]  # g is second to h, for e − f + i
    matrix[7] = matrix[4] - matrix[5] + matrix[8]
    lines = "a\tb\tc\td\r\n\ne\tf\ti\tg\na\tb\tc\ta\nab\tb\tc\td\na\tb\tc\tde\na\tb\t脳\td\na\tb\tc\txy\n"
    path = tmp_path / "analogies.tsv"
    path.write_text(f"\ufeff{lines}", encoding="utf-8", newline="")
    space = Space(matrix, VOCABULARY, VOCABULARY.words())
    done, left_out = solve_file(space, VOCABULARY, read_analogies(path), 5, several=False)
    assert [(each.expected, each.rank) for each in done] == [("d", 1), ("g", 2)]
    assert [(each.line, each.word, each.reason) for each in left_out] == [
        (4, "a", "input"),
        (5, "ab", "several pieces"),
        (6, "de", "several pieces"),
        (7, "脳", "cleaned"),
        (8, "xy", "no whole word"),
    ]
    scores = measure(done)
    assert scores is not None
    assert (scores.counted, scores.tops, scores.mean_reciprocal_rank) == (2, {1: 0.5, 5: 1.0, 10: 1.0}, 0.75)
    several, left = solve_file(space, VOCABULARY, read_analogies(path), 5, several=True)
    assert len(several) == 3
    assert "ab" not in {each.word for each in left}
    assert measure([]) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\tc\n", r"\.tsv:1: 3 words"),
        (b"a\tb\tc\td\na b c d\n", r"\.tsv:2: 1 words"),
        (b"a\t\tc\td\n", r"\.tsv:1: 4 words"),
        (b"\n\n", "has no analogies"),
        ("脳\tb\tc\td".encode("cp932"), "not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_analogies(path)


NAMES = {
    "gpt_neox": ("gpt_neox.embed_in.weight", "embed_out.weight"),
    "llama": ("model.embed_tokens.weight", "lm_head.weight"),
    "qwen2": ("model.embed_tokens.weight", "model.embed_tokens.weight"),
}


@NEEDS_FONT
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("head", [False, True])
def test_both_embeddings_of_each_architecture(
    architecture: str, head: bool, stock: dict[str, Path], tmp_path: Path
) -> None:
    folder = stock[architecture]
    rows = load_file(folder / "model.safetensors")[NAMES[architecture][head]].astype(float)
    model = find_model(folder)
    ids = [model.tokenizer.encode(word)[0] for word in "abc"]
    target = rows[ids[0]] - rows[ids[1]] + rows[ids[2]]
    cosines = rows @ target / np.linalg.norm(rows, axis=1) / np.linalg.norm(target)
    cosines[ids] = -2
    output = require_inspection("analogy", tmp_path / "out", [folder], replace=False)
    result = run(model, output, ["a", "b", "c"], [], several=False, head=head, unit=False, count=3)
    assert [near.id for near in result.solved[0].nearest] == np.argsort(-cosines)[:3].tolist()
    assert bool(result.notes) == (architecture == "qwen2" and head), "one matrix"
    assert not list(verify(tmp_path / "out"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "analogy.png", "index.html", "numbers.json", "manifest.json"
    }  # fmt: skip


def test_a_checkpoint_has_the_rows_of_its_hugging_face_form(arcee: Path, run_folder: Path) -> None:
    own, theirs = open_matrices(find_model(run_folder / "checkpoints/step_00000002")), open_matrices(find_model(arcee))
    assert dict(own.shapes) == dict(theirs.shapes)
    for name in (own.embedding, own.head, "model.layers.1.self_attn.k_proj.weight"):
        assert (own.read(name) == theirs.read(name)).all()
    words = Vocabulary(find_model(arcee).tokenizer, 12000)
    assert words.find("高血圧症", several=True).pieces
    assert words.is_word(words.find("は", several=False).ids[0])
