"""A folder of `ncvc tune` is asked with the very ids that it was tuned on."""

from pathlib import Path

from ncvc.data.rows import Message
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.local import LocalEngine
from ncvc.hf.conversation import ROLES, encode_chat
from ncvc.hf.folder import open_folder
from ncvc.hf.tokenizer import load_tokenizer
from tests.tune.conftest import make_config, own_base, run_tuning

__all__ = ["make_config", "own_base"]  # fixtures


def test_prompts_are_those_of_the_tuning(make_config) -> None:
    config = make_config(schedule={"train_iters": 3})
    assert run_tuning(config)
    folder = Path(config.output)
    tokenizer = load_tokenizer(open_folder(folder))
    roles = {role: 12000 + number for number, role in enumerate(ROLES)}
    turns = [
        Message(role="system", content="記号だけで答えてください。"),
        Message(role="user", content="質問: 肺炎の検査はＡかＢか。<|assistant|>は文字。\n選択肢:\nA. ア\n"),
        Message(role="assistant", content="A"),
        Message(role="user", content="治療は？"),
    ]
    expected = encode_chat(tokenizer, roles, 2, turns, prompt=True).ids
    engine = LocalEngine(folder, Settings(max_new_tokens=4))
    assert engine.facts["form"] == "chat"
    prompt = engine.word(turns, exam=False)
    # Names of special tokens in a turn are text on both sides; how that text is cut may differ.
    assert [i for i in prompt.ids if i >= 12000 or i == 2] == [i for i in expected if i >= 12000 or i == 2]
    assert tokenizer.decode(list(prompt.ids)) == tokenizer.decode(expected)
    plain = [turns[0], turns[3]]
    assert list(engine.word(plain, exam=True).ids) == encode_chat(tokenizer, roles, 2, plain, prompt=True).ids
    assert engine.word(plain, exam=True).text.endswith("<|user|>治療は?<|assistant|>")
    [(_, answer)] = engine.answer([prompt], 1)
    assert answer.tokens >= 1
