"""Tokens of a text: each rule's part of cleaning, pieces by morphemes, fertility beside the libraries' own counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sentencepiece
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers

import ncvc
from ncvc._native import clean, cleaning_rules, cleaning_steps
from ncvc.errors import InputError, NcvcError
from ncvc.inspect.texts import read_texts
from ncvc.inspect.tokens.fertility import fertility
from ncvc.inspect.tokens.other import load_other, of_ours
from ncvc.inspect.tokens.terminal import columns, fertility_lines, text_lines
from ncvc.inspect.tokens.view import Change, view
from tests.conftest import run_ncvc
from tests.inspect.conftest import NEEDS_FONT

TEXT = "ＨｂＡ１ｃ　６．５％!!!、電話０３-００００-１２３４ に連絡．胸部Ｘ線で肺炎を認め..."


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> ncvc.Tokenizer:
    return ncvc.Tokenizer.load(tokenizer_folder)


def test_examples_of_a_rule_are_its_first_step() -> None:
    seen = set()
    for rule, _, examples in cleaning_rules():
        for before, after, _ in examples:
            steps = cleaning_steps(before)
            # Where no rule before it takes the text, it gives what its example says.
            if before != after and steps[0][0] == rule:
                assert steps[0][2] == after
                seen.add(rule)
    assert seen == {rule for rule, _, _ in cleaning_rules()}


def test_the_last_step_is_the_cleaned_text(lines: list[str]) -> None:
    for text in [TEXT, "", "▁ ▁", "a\u200b\n\n\n\nb", *lines[:300]]:
        steps = cleaning_steps(text)
        last = steps[-1][2] if steps else text
        assert last.replace(" ", "▁") == clean(text)
        assert all(edits > 0 for _, edits, _ in steps)


def test_steps_tell_what_is_replaced(tokenizer: ncvc.Tokenizer) -> None:
    seen = view(tokenizer, TEXT)
    changes = {step.rule: [(change.before, change.after) for change in step.changes] for step in seen.steps}
    assert changes["punctuation"] == [("．", "。")]
    assert changes["personal"] == [("03-0000-1234", "")]
    assert changes["restore"] == [("...", "…")]
    assert changes["repetition"] == [("!!", "")]
    assert ("Ｘ", "X") in changes["nfkc"]
    # The segments of a step are the text before it, and with the changes made the text after it.
    before = TEXT
    for step, (_, _, after) in zip(seen.steps, cleaning_steps(TEXT), strict=True):
        parts = [(each.before, each.after) if isinstance(each, Change) else (each, each) for each in step.segments]
        assert "".join(old for old, _ in parts) == before
        assert "".join(new for _, new in parts) == after
        before = after


def test_pieces_stand_below_their_morphemes(tokenizer: ncvc.Tokenizer, lines: list[str]) -> None:
    for text in [TEXT, "\n", "", *lines[:50]]:
        seen = view(tokenizer, text)
        assert [each.surface for each in seen.morphemes] == tokenizer.split(text)
        assert all("".join(each.pieces) == each.surface for each in seen.morphemes)
        assert [token for each in seen.morphemes for token in each.ids] == list(tokenizer.encode(text))
        assert seen.cleaned == clean(text)


def test_the_terminal_has_columns(tokenizer: ncvc.Tokenizer) -> None:
    assert columns("漢字ab\033[31mc\033[0m") == 7
    for colours in (True, False):
        shown = list(text_lines(view(tokenizer, TEXT), 60, colours=colours))
        start = next(place for place, line in enumerate(shown) if line.startswith("cleaned")) + 1
        grid = shown[start:-1]
        assert len(grid) % 3 == 0
        for some in zip(grid[::3], grid[1::3], grid[2::3], strict=True):
            assert len({columns(line) for line in some}) == 1
            assert columns(some[0]) <= 60
        assert ("\033" in "".join(shown)) == colours
    assert "連絡[-．-]{+。+}" in "".join(shown)
    hostile = "".join(text_lines(view(tokenizer, "a\033[2Jb"), 60, colours=True))
    assert "\033[2J" not in hostile


def test_fertility_by_hand(tokenizer: ncvc.Tokenizer, tokenizer_folder: Path, tmp_path: Path) -> None:
    texts = ["発熱と　咳。", "胸部Ｘ線\n異常なし鬱"]
    cleaned = [clean(text).replace("▁", " ") for text in texts]
    morphemes = [each for text in texts for each in tokenizer.split(text) if each not in ("▁", "\n")]
    # What stands between white space is a piece; the last line is unknown.
    fast = FastTokenizer(models.WordLevel({"?": 0, "発熱と": 1, "咳。": 2, "胸部X線": 3}, unk_token="?"))
    fast.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast.save(str(tmp_path / "tokenizer.json"))
    others = [
        of_ours(tokenizer, "own"),
        load_other(tmp_path / "tokenizer.json", "words"),
        load_other(tokenizer_folder / "tokenizer.model", "spm"),
        load_other(tokenizer_folder, "folder"),
    ]
    own, words, spm, folder = fertility(tokenizer, texts, others)
    assert own.pieces == folder.pieces == sum(len(tokenizer.encode(text)) for text in texts)
    assert own.characters == len("発熱と咳。胸部X線異常なし鬱") == words.characters
    assert own.morphemes == len(morphemes) == spm.morphemes
    assert (words.pieces, words.unknown) == (4, 1)
    assert words.unknown_share == 0.25
    assert words.per_character == pytest.approx(4 / 14)
    assert words.characters_per_piece == pytest.approx(14 / 4)
    assert words.vocab_size == 4
    model = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))
    assert spm.pieces == sum(len(model.encode(text)) for text in cleaned)
    assert fertility(tokenizer, [" ", "\n"], others) == []
    table = "\n".join(fertility_lines([words]))
    assert "25.00%" in table
    assert "0.286" in table


def test_a_folder_of_transformers(tokenizer: ncvc.Tokenizer, tmp_path: Path) -> None:
    from tests.hf.conftest import stock_tokenizer

    stock = stock_tokenizer()
    stock.save_pretrained(tmp_path / "stock")
    [found] = fertility(tokenizer, ["発熱。"], [load_other(tmp_path / "stock", "stock")])
    assert found.pieces == len(stock("発熱。", add_special_tokens=False)["input_ids"])
    config = json.loads((tmp_path / "stock/tokenizer_config.json").read_text())
    (tmp_path / "stock/tokenizer_config.json").write_text(json.dumps(config | {"auto_map": {"AutoTokenizer": "x.Y"}}))
    with pytest.raises(NcvcError, match="code from a model folder is never run"):
        load_other(tmp_path / "stock", "stock")


def test_files_that_are_no_tokenizer(tmp_path: Path) -> None:
    for name, content, said in (
        ("a.model", b"no model", "not a SentencePiece model"),
        ("a.json", b'{"model": {}}', "cannot be read as a tokenizer.json"),
        ("b.json", b"{}", "it has no model"),
        ("a.txt", b"", "give a SentencePiece .model"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NcvcError, match=said):
            load_other(tmp_path / name, name)
    with pytest.raises(NcvcError, match="no tokenizer in it"):
        load_other(tmp_path, "folder")


def test_texts_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("一行目\n\n 二行目 \n")
    assert read_texts(tmp_path / "notes.txt") == ["一行目", " 二行目 "]
    (tmp_path / "notes.jsonl").write_text('{"body": "本文\\n二行"}\n\n{"text": "x"}\n')
    with pytest.raises(InputError, match=r"notes\.jsonl:3: .*'body'"):
        read_texts(tmp_path / "notes.jsonl", "body")
    (tmp_path / "half.jsonl").write_text('{"text": "発\\ud83d熱"}\n')
    assert read_texts(tmp_path / "half.jsonl") == ["発\ufffd熱"], "as the corpus pass reads it"
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="holds no text"):
        read_texts(tmp_path / "empty.txt")


def test_the_command(tokenizer_folder: Path, tmp_path: Path) -> None:
    done = run_ncvc("inspect", "tokens", tokenizer_folder, TEXT, "--beside", tokenizer_folder / "tokenizer.model")
    assert "cleaned  HbA1c▁6.5%!、電話▁に連絡。" in done.stdout
    assert "\033" not in done.stdout
    assert done.stdout.count("0.00%") == 2
    (tmp_path / "private.txt").write_text(f"{TEXT}\n氏名は秘密\n")
    done = run_ncvc("inspect", "tokens", tokenizer_folder, "--file", tmp_path / "private.txt")
    assert "秘密" not in done.stdout  # of a file texts are shown if asked for
    done = run_ncvc("inspect", "tokens", tokenizer_folder, "--file", tmp_path / "private.txt", "--show", 2)
    assert "氏名は秘密" in done.stdout
    found = json.loads(run_ncvc("inspect", "tokens", tokenizer_folder, TEXT, "--json").stdout)
    assert found["texts"][0]["cleaned"] == clean(TEXT)
    assert run_ncvc("inspect", "tokens", tokenizer_folder, ok=False).returncode == 2


def test_nothing_heavy_is_imported(tokenizer_folder: Path) -> None:
    code = (
        "import sys; from ncvc.cli.commands import ncvc as command;"
        f" command(['inspect', 'tokens', {str(tokenizer_folder)!r}, '発熱'], standalone_mode=False);"
        " assert not {'torch', 'transformers', 'matplotlib', 'tokenizers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ, capture_output=True)


@NEEDS_FONT
def test_pictures_are_the_same_bytes_again(tokenizer_folder: Path, tmp_path: Path) -> None:
    for name in "ab":
        run_ncvc("inspect", "tokens", tokenizer_folder, TEXT, "頭痛", "-o", tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["fertility.png", "index.html", "manifest.json", "numbers.json", "text-01.png", "text-02.png"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    page = (tmp_path / "a/index.html").read_text()
    assert "<del>" in page
    assert "<script" not in page
    refused = run_ncvc("inspect", "tokens", tokenizer_folder, TEXT, "-o", tmp_path / "a", ok=False)
    assert "--force" in refused.stderr
