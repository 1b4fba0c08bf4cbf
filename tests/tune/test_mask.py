"""The loss counts from just after `<|assistant|>` up to and with `<|end_of_text|>`, of nothing else.

Written by another reading of technical report 2.4.2 than the code: the expected ids are put together piece by piece.
"""

import json

import pytest

import ncvc
from ncvc.data.rows import Message
from ncvc.tune.prepare import prepare
from tests.conftest import run_ncvc
from tests.tune.conftest import write_rows

TURNS = [
    {"role": "system", "content": "簡潔に。"},
    {"role": "user", "content": "発熱の原因は。"},
    {"role": "assistant", "content": "感染症です。"},
    {"role": "user", "content": "治療は。"},
    {"role": "assistant", "content": "['抗菌薬', '安静']"},
]


def expected(tokenizer, turns):
    """Ids and mask, by plain concatenation."""
    first = tokenizer.vocab_size
    ids, counts = [tokenizer.eos_id], [False]
    for turn in turns:
        ids.append(first + ["system", "user", "assistant"].index(turn["role"]))
        counts.append(False)
        text = tokenizer.encode(turn["content"])
        ids += text
        counts += [turn["role"] == "assistant"] * len(text)
        if turn["role"] == "assistant":
            ids.append(tokenizer.eos_id)
            counts.append(True)
    return ids, counts


def test_exactly_the_answers_and_their_ends_count(make_config, tokenizer_folder):
    rows = [{"messages": TURNS}, {"messages": TURNS[1:3]}, {"question": "原因は。", "answer": "不明"}]
    prepared = prepare(make_config(rows=rows))
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    question = [{"role": "user", "content": "原因は。"}, {"role": "assistant", "content": "不明"}]
    for sample, turns in zip(prepared.samples, [TURNS, TURNS[1:3], question], strict=True):
        assert (sample.ids, sample.counts) == expected(tokenizer, turns)
        assert sample.labels == [i if c else -100 for i, c in zip(sample.ids, sample.counts, strict=True)]


def test_the_trainer_gets_that_mask(make_config):
    """The labels that reach the model are the mask, padded with -100."""
    from ncvc.progress import Reporter
    from ncvc.train.elastic.stop_signal import StopRequest
    from ncvc.tune.log import TuneLog
    from ncvc.tune.methods import build

    config = make_config(rows=[{"messages": TURNS}, {"messages": TURNS[1:3]}], schedule={"global_batch_size": 4})
    prepared = prepare(config)
    config.folder.mkdir()
    tuning = build(config, prepared, TuneLog(config, speaks=False, done=0, reporter=Reporter()), StopRequest(), {})
    batch = next(iter(tuning.trainer.get_train_dataloader()))
    found = {
        tuple(label for label in row.tolist() if label != -100): int(mask.sum())
        for row, mask in zip(batch["labels"], batch["attention_mask"], strict=True)
    }
    assert found == {
        tuple(label for label in sample.labels if label != -100): len(sample.ids) for sample in prepared.samples
    }


def test_the_template_of_a_stock_model_is_masked_likewise(make_config, stock):
    prepared = prepare(make_config(rows=[{"messages": TURNS}], base=str(stock("qwen")), data={"max_length": 512}))
    sample = prepared.samples[0]
    stock_tokenizer = prepared.base.stock
    counted = stock_tokenizer.decode([i for i, c in zip(sample.ids, sample.counts, strict=True) if c])
    assert counted == "感染症です。<|im_end|>['抗菌薬', '安静']<|im_end|>"
    assert stock_tokenizer.decode(sample.ids) == stock_tokenizer.apply_chat_template(TURNS, tokenize=False)


def test_the_instruction_form_counts_the_response(make_config, stock):
    rows = [{"instruction": "要約せよ", "input": "本文", "output": "短い"}]
    config = make_config(rows=rows, base=str(stock("llama")), template="instruction", data={"max_length": 512})
    sample = prepare(config).samples[0]
    decode = prepare(config).base.stock.decode
    assert decode(sample.ids) == "### Instruction:\n要約せよ\n\n本文\n\n### Response:\n短い<|endoftext|>"
    assert decode([i for i, c in zip(sample.ids, sample.counts, strict=True) if c]) == "短い<|endoftext|>"


def test_a_stock_model_without_a_template_is_told_so(make_config, stock):
    from ncvc.errors import ConfigError

    with pytest.raises(ConfigError, match="no chat template; write `template: instruction`"):
        prepare(make_config(base=str(stock("llama"))))


def test_documents_are_split_and_all_of_them_counts(make_config, tokenizer_folder):
    text = "肺炎は感染症です。" * 20
    prepared = prepare(make_config(rows=[{"text": text}], method="continued", data={"max_length": 32}))
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    whole = [tokenizer.eos_id, *tokenizer.encode(text), tokenizer.eos_id]
    assert [token for sample in prepared.samples for token in sample.ids] == whole
    assert all(len(sample.ids) <= 32 and all(sample.counts) for sample in prepared.samples)
    assert prepared.base.new_tokens == ()


def test_cleaned_documents_are_read_as_they_were_written(make_config, stock, tmp_path):
    from ncvc._native import compress

    line = json.dumps({"text": "SpO2 98 %、体温▁36.5▁℃。"}, ensure_ascii=False)
    (tmp_path / "text.jsonl.zst").write_bytes(compress(line.encode()))
    data = {"train": [str(tmp_path / "text.jsonl.zst")], "max_length": 64}
    prepared = prepare(make_config(base=str(stock("llama")), method="continued", data=data))
    (sample,) = prepared.samples
    assert "SpO2 98 %、体温 36.5 ℃。" in prepared.base.stock.decode(sample.ids)


def test_show_mask_marks_what_counts(make_config, tmp_path):
    from ncvc.yaml12 import dump

    config = make_config(rows=[{"messages": TURNS[1:3]}])
    (tmp_path / "c.yaml").write_text(dump(config.model_dump(mode="json")), encoding="utf-8")
    shown = json.loads(run_ncvc("tune", tmp_path / "c.yaml", "--show-mask", 1, "--json").stdout)
    tokens = shown["samples"][0]["tokens"]
    assert "".join(token for token, counted in tokens if counted) == "感染症です。<|end_of_text|>"
    assert [token for token, counted in tokens if not counted][:2] == ["<|end_of_text|>", "<|user|>"]
    plain = run_ncvc("tune", tmp_path / "c.yaml", "--show-mask", 1).stdout
    assert "[<|end_of_text|>]" in plain
    assert " <|user|> " in plain
    assert not config.folder.exists()


def test_a_turn_that_is_cleaned_away_is_a_bad_row(make_config):
    from ncvc.errors import InputError

    turns = [Message(role="user", content="質問"), Message(role="assistant", content="\u200b\u200b☃")]
    rows = [{"messages": [turn.model_dump() for turn in turns]}]
    with pytest.raises(InputError, match=r"run\.jsonl:1: turn 2, of the assistant, is nothing once it is cleaned"):
        prepare(make_config(rows=rows))


def test_bad_rows_stop_or_are_set_aside_by_line(make_config, tmp_path):
    from ncvc.errors import InputError

    long = {"question": "長い" * 200, "answer": "A"}
    rows = [{"messages": TURNS[1:3]}, "{", {"messages": TURNS[1:2]}, long]
    config = make_config(rows=rows)
    with pytest.raises(InputError, match=r"run\.jsonl:2: not JSON.*run\.jsonl:3: .*run\.jsonl:4: \d+ tokens"):
        prepare(config)
    aside = prepare(make_config(rows=rows, data={"on_error": "quarantine"}))
    assert [row.place.rpartition(":")[2] for row in aside.bad] == ["2", "3", "4"]
    assert len(aside.samples) == 1
    # Cut, the long question holds nothing of its answer.
    cut = prepare(make_config(rows=rows, data={"on_error": "quarantine", "too_long": "cut"}))
    assert "hold nothing of the answer" in cut.bad[-1].reason
    write_rows(tmp_path / "run.jsonl", ["[]"])
    with pytest.raises(InputError, match="no row can be used; the first one"):
        prepare(make_config(rows=["[]"], data={"on_error": "quarantine"}))
