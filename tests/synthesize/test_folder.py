"""A model folder as a writer: a tiny random model, whose text is what greedy decoding by transformers alone gives."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from ncvc.errors import NcvcError
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.run import synthesize
from tests.evaluate.conftest import TEMPLATE, write_model
from tests.synthesize.made_up import answer, write_config, writer
from tests.synthesize.server import Server


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny", template=TEMPLATE)


def test_a_folder_writes_beside_a_server(model: Path, tmp_path: Path) -> None:
    local = {"name": "local", "folder": str(model), "max_tokens": 8, "temperature": 0.0, "in_flight": 3}
    (tmp_path / "own.jinja").write_text("「{{ topic.name }}」", encoding="utf-8")
    task = {"name": "books", "kind": "textbooks", "topics": ["topics.jsonl"], "prompts": ["own.jinja"]}
    with Server(answer) as server:
        path = write_config(tmp_path, server.address, topics=4, tasks=[task], writers=[local, writer(server.address)])
        found = synthesize(SynthesizeConfig.load(path), tmp_path).summary
    assert (found["requests"], found["kept"], found["set_aside"]) == (8, 4, 4)
    log = [json.loads(line) for line in (tmp_path / "out-answers/log.jsonl").read_bytes().splitlines()[1:]]
    aside = [json.loads(line) for line in (tmp_path / "out/aside/truncated.jsonl").read_bytes().splitlines()]
    texts = {row["id"]: row.get("text", "") for row in log}
    tokenizer, stock = AutoTokenizer.from_pretrained(model), AutoModelForCausalLM.from_pretrained(model)
    assert len(aside) == 4
    for row in aside:
        messages = [{"role": "user", "content": f"「{row['topic']}」"}]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            made = stock.generate(**ids, max_new_tokens=8, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert texts[row["id"]] == tokenizer.decode(made, skip_special_tokens=True)


def test_a_folder_that_is_no_model_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with Server(answer) as server:
        writers = [writer(server.address), {"name": "local", "folder": "empty"}]
        path = write_config(tmp_path, server.address, writers=writers)
        with pytest.raises(NcvcError, match="empty"):
            synthesize(SynthesizeConfig.load(path), tmp_path)
        assert server.asked == []
