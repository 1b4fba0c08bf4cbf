"""The logit lens against ncvc's scorer behind the last layer, and against hooks on every layer before it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ncvc.data.rows import Message, Row, Source, write_rows
from ncvc.errors import InputError, ModelFolderError, PromptError
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.local import LocalEngine
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.score import score, split_ids
from ncvc.inspect.folder import require_inspection
from ncvc.inspect.knowledge.lens import look
from ncvc.inspect.knowledge.question import own_question, read_question
from ncvc.inspect.knowledge.run import run
from ncvc.inspect.model import find_model
from ncvc.manifest import verify
from ncvc.progress import Reporter
from tests.inspect.conftest import ARCHITECTURES, NEEDS_FONT

QUESTION = own_question("患者は発熱を", ["主訴に来院した。", "X", " 65 years"])
TEMPLATE = (
    "{% for message in messages %}{{ '<s>' + message.role + '\n' + message.content + '</s>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<s>assistant\n' }}{% endif %}"
)


@pytest.fixture(params=[*ARCHITECTURES, "arcee"])
def lm(request: pytest.FixtureRequest, stock: dict[str, Path]) -> LanguageModel:
    folder = request.getfixturevalue("arcee") if request.param == "arcee" else stock[request.param]
    return load(folder)


def test_the_last_layer_is_the_models_own_log_likelihood(lm: LanguageModel) -> None:
    found = look(lm, QUESTION)
    expected = score(lm, [(QUESTION.text, text) for text in QUESTION.choices.values()])
    assert [choice.logprobs[-1] for choice in found.choices] == pytest.approx(
        [each.logprob for each in expected], abs=1e-4, rel=1e-5
    )
    assert [(choice.tokens, choice.characters) for choice in found.choices] == [
        (each.tokens, each.characters) for each in expected
    ]


NORMS = {"gpt_neox": "final_layer_norm", "llama": "norm", "qwen2": "norm", "arcee": "norm"}


@torch.inference_mode()
def test_each_layer_is_read_by_the_last_norm_and_the_head(lm: LanguageModel) -> None:
    """States are caught by hooks, and texts are predicted token by token."""
    found = look(lm, QUESTION)
    base = lm.model.base_model
    norm = getattr(base, NORMS[lm.model.config.model_type])
    caught: list[torch.Tensor] = []

    def keep(_: object, __: object, output: torch.Tensor | tuple[torch.Tensor, ...]) -> None:
        caught.append(output if isinstance(output, torch.Tensor) else output[0])

    hooks = [module.register_forward_hook(keep) for module in (lm.model.get_input_embeddings(), *base.layers)]
    for choice in found.choices:
        before, after = split_ids(lm, QUESTION.text, choice.text)
        totals = np.zeros(len(base.layers) + 1)
        for place, token in enumerate(after):
            caught.clear()
            base(input_ids=torch.tensor([[*before, *after[:place]]]), use_cache=False)
            assert len(caught) == len(totals)
            for layer, state in enumerate(caught):
                logits = lm.model.get_output_embeddings()(norm(state[0, -1]))
                totals[layer] += logits.double().log_softmax(0)[token].item()
        assert choice.logprobs == pytest.approx(totals, abs=1e-3, rel=1e-5)
    for hook in hooks:
        hook.remove()


def test_probabilities_are_those_among_the_choices(stock: dict[str, Path]) -> None:
    found = look(load(stock["llama"]), QUESTION)
    for layer, row in enumerate(found.shares):
        weights = [np.exp(choice.logprobs[layer]) for choice in found.choices]
        assert row == pytest.approx(np.array(weights) / sum(weights), rel=1e-6)
    assert len(found.next_pieces) == 3
    assert all(0 < probability <= 1 for _, probability in found.next_pieces)


def prepared(folder: Path, *, solved: bool) -> Path:
    folder.mkdir()
    common = {"suite": "own", "task": "t", "split": "test", "subject": "", "licence": ""}
    asked = (Message(role="system", content="答える。"), Message(role="user", content="発熱は。\nA. 患\nB. 主訴"))
    rows = [
        Row(id="own/1", kind="entities", messages=asked, choices={}, answer="", gold=(), source=Source(file="f", row=0), **common),
        Row(id="own/2", kind="choice", messages=asked, choices={"A": "患", "B": "主訴"}, answer="B", gold=("B",),
            source=Source(file="f", row=1), **common),
    ]  # fmt: skip
    write_rows(folder / "test.jsonl", rows)
    if solved:
        turns = [{"role": "user", "content": "咳嗽は。"}, {"role": "assistant", "content": "A"}]
        (folder / "demonstrations.json").write_text(json.dumps(turns, ensure_ascii=False), encoding="utf-8")
    return folder / "test.jsonl"


@pytest.mark.parametrize("solved", [False, True])
@pytest.mark.parametrize("letters", [False, True])
@pytest.mark.parametrize("form", ["plain", "chat"])
def test_a_row_is_weighed_as_the_evaluation_does(
    form: str, letters: bool, solved: bool, stock: dict[str, Path], tmp_path: Path
) -> None:
    path = prepared(tmp_path / "own", solved=solved)
    folder = tmp_path / "model"
    folder.mkdir()
    for file in stock["llama"].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    if form == "chat":
        (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    question = read_question(path, "own/2", letters=letters)
    assert question == read_question(path, "2", letters=letters)
    assert question.gold == ("B. 主訴",)
    found = look(load(folder), question)
    engine = LocalEngine(folder, Settings())
    prompt = engine.word(question.messages, exam=False)
    assert prompt.is_chat == (form == "chat")
    weights = engine.weigh([(prompt, text) for text in (("A", "B") if letters else ("患", "主訴"))], 8)
    expected = [weight.logprob for weight in weights if weight]
    assert [choice.logprobs[-1] for choice in found.choices] == pytest.approx(expected, abs=1e-4, rel=1e-5)


def test_what_is_no_question_is_refused(stock: dict[str, Path], tmp_path: Path) -> None:
    path = prepared(tmp_path / "own", solved=False)
    with pytest.raises(InputError, match=r"test.jsonl:1: own/1 has no choices"):
        read_question(path, "1", letters=False)
    with pytest.raises(InputError, match="has no row 3"):
        read_question(path, "3", letters=False)
    (path.parent / "demonstrations.json").write_text('[{"role": "user"}]')
    with pytest.raises(InputError, match=r"demonstrations\.json: no solved examples .* \(0\.content: Field required\)"):
        read_question(path, "2", letters=False)
    for wrong in (b"no JSON\n", b"\xff\x00\n"):
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=r"test\.jsonl:1: no row of `ncvc data` \(Invalid JSON: "):
            read_question(path, "1", letters=False)
    path.write_text('{"id": 1}\n')
    with pytest.raises(InputError, match=r"test\.jsonl:1: no row of `ncvc data` \(id: "):
        read_question(path, "1", letters=False)
    for choices in ([], ["a"], ["a", "a"], ["a", ""]):
        with pytest.raises(InputError, match="at least two choices"):
            own_question("q", choices)
    lm = load(stock["llama"])
    with pytest.raises(ModelFolderError, match="has no chat template"):
        look(lm, QUESTION, "chat")
    with pytest.raises(PromptError, match="the model holds 96"):
        look(lm, own_question("患者" * 60, ["a", "b"]))


def test_a_head_that_is_not_the_last_step_is_refused(stock: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    lm = load(stock["llama"])
    forward = lm.model.forward

    def capped(*arguments: object, **options: object) -> object:
        out = forward(*arguments, **options)
        out.logits = out.logits.tanh()
        return out

    monkeypatch.setattr(lm.model, "forward", capped)
    with pytest.raises(ModelFolderError, match="the logit lens cannot read it"):
        look(lm, QUESTION)


@NEEDS_FONT
def test_a_checkpoint_is_read_as_its_hugging_face_form(run_folder: Path, arcee: Path, tmp_path: Path) -> None:
    found = []
    for name, path in (("a", run_folder / "checkpoints/step_00000002"), ("b", arcee)):
        output = require_inspection("knowledge", tmp_path / name, [path], replace=False)
        known, values = run(find_model(path), QUESTION, output, form="auto", reporter=Reporter())
        found.append(values)
        assert len(known.shares) == 3
        assert not list(verify(tmp_path / name))
        assert {file.name for file in (tmp_path / name).iterdir()} == {
            "index.html", "knowledge.png", "manifest.json", "numbers.json"
        }  # fmt: skip
    assert found[0] == found[1]
