"""Prompt files: those that come with ncvc, the sandbox, versions, mistakes."""

import hashlib
import re
from pathlib import Path

import pytest

from ncvc.errors import ConfigError
from ncvc.synthesize.prompts import SHIPPED, Prompt, read_prompts

TOPICS = [{"kind": kind, "name": "試験名", "synonyms": []} for kind in ("disease", "drug", "other")]


@pytest.mark.parametrize("kind", ["textbooks", "exercises"])
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic["kind"])
def test_the_shipped_prompts_name_the_topic(kind: str, topic: dict[str, object], tmp_path: Path) -> None:
    prompts = read_prompts(kind, [], tmp_path)  # type: ignore[arg-type]
    assert prompts
    for prompt in prompts:
        *_, user = prompt.messages({"topic": topic, "number": 3, "of": 5})
        assert "「試験名」" in user["content"]
        assert "{" not in re.sub(r'\{"question.*\}', "", user["content"])
        is_drug = "薬" in user["content"]
        assert is_drug == (topic["kind"] == "drug") or kind == "textbooks"


def test_the_prompt_of_articles_holds_the_article(tmp_path: Path) -> None:
    (prompt,) = read_prompts("qa", [], tmp_path)
    roles = prompt.messages({"article": {"text": "本文{{ 7*7 }}"}, "question_kind": "理由", "number": 1, "of": 1})
    assert [each["role"] for each in roles] == ["system", "user"]
    assert roles[1]["content"].endswith("本文{{ 7*7 }}")


def test_a_version_is_the_hash_of_the_text() -> None:
    for path in SHIPPED.glob("*.jinja"):
        source = path.read_text(encoding="utf-8")
        assert Prompt("x", path, source).version == hashlib.sha256(source.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("一\n二\n{{ topik.name }}", r"own\.jinja.*topik.*a prompt may use topic"),
        ("一\n{% if %}", r"own\.jinja:2: "),
        ("-----\n一\n{% endif %}", r"own\.jinja:3: "),
        ("{{ ''.__class__.__mro__ }}", r"own\.jinja.*unsafe"),
        ("{{ topic.__init__.__globals__ }}", r"own\.jinja.*(unsafe|no attribute)"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", r"own\.jinja.*(unsafe|no attribute)"),
        ("{{ topic.synonyms.append('x') }}", r"own\.jinja.*(unsafe|not safely callable)"),
        ("{{ 1 // 0 }}", r"own\.jinja: cannot be rendered: ZeroDivisionError"),
        ("系\n-----\n  ", r"own\.jinja: renders no text"),
        (" \n", r"own\.jinja: the prompt is empty"),
        ("{% include '/etc/hostname' %}", r"own\.jinja"),
    ],
)
def test_a_mistake_names_the_file(source: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text(source, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        render(tmp_path)


def render(folder: Path) -> None:
    (prompt,) = read_prompts("textbooks", ["own.jinja"], folder)
    prompt.messages({"topic": {"kind": "a", "name": "b", "synonyms": ["c"]}, "number": 1, "of": 1})
