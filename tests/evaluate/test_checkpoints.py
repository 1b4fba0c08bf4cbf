"""Checkpoints of a training: converted on the way, with the exact tokenizer, and drawn over the tokens they saw."""

from pathlib import Path

import pytest

from ncvc.convert.export import to_huggingface
from ncvc.data.rows import Message
from ncvc.evaluate.local import LocalEngine
from ncvc.evaluate.run import evaluate
from ncvc.hf.folder import open_folder
from ncvc.hf.tokenizer import load_tokenizer
from tests.drawn import small_model, write_drawn
from tests.evaluate.conftest import plan_of


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two steps of a run, of random weights."""
    run = tmp_path_factory.mktemp("run")
    model = small_model(num_layers=2, max_position_embeddings=512)

    def written(step: int) -> Path:
        facts = {"step": step, "tokens_seen": 1000 * step}
        folder = run / f"checkpoints/step_{step:08}"
        return write_drawn(folder, model, lambda _, noise: 0.2 * noise, seed=step, **facts)

    return [written(1), written(2)]


def test_a_series_of_checkpoints(
    checkpoints: list[Path], tokenizer_folder: Path, benchmarks: Path, tmp_path: Path
) -> None:
    plan = plan_of(checkpoints, benchmarks, limit=1, likelihood="letters")
    assert [model.name for model in plan.models] == [
        f"{checkpoints[0].parents[1].name}/step_{step:08}" for step in (1, 2)
    ]
    result = evaluate(plan, tmp_path / "out", tokenizer=tokenizer_folder)
    assert [each.facts["tokens_seen"] for each in result.models] == [1000, 2000]
    assert [each.facts["form"] for each in result.models] == ["plain"] * 2
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "図6" in page
    assert not list(tmp_path.glob(".out*"))


def test_a_folder_of_ours_with_a_template_reads_conversations_with_its_exact_tokenizer(
    checkpoints: list[Path], tokenizer_folder: Path, benchmarks: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tuned"
    to_huggingface(checkpoints[0], folder, tokenizer=tokenizer_folder)
    template = (
        "{% for message in messages %}{{ message.content }}<|end_of_text|>{% endfor %}"
        "{% if add_generation_prompt %}回答{% endif %}"
    )
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    engine = LocalEngine(folder, plan_of([], benchmarks).settings)
    asked = [Message(role="user", content="ＷＢＣは？<|end_of_text|>")]
    prompt = engine.word(asked, exam=False)
    tokenizer = load_tokenizer(open_folder(folder))
    content = [*tokenizer.encode("ＷＢＣは？<"), *tokenizer.encode("|end_of_text|>")]
    assert list(prompt.ids)[-len(tokenizer.encode("回答")) - 1] == 2
    assert list(prompt.ids).count(2) == 1  # what the user wrote is text
    assert tokenizer.decode(list(prompt.ids)) == tokenizer.decode([*content, *tokenizer.encode("回答")])
    assert prompt.text == "WBCは?<|end_of_text|><|end_of_text|>回答"
    assert prompt.is_chat
    [(_, answer)] = engine.answer([prompt], 1)
    assert answer.finish in ("length", "end_of_text")
