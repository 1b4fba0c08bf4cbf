"""Prompts and topics that are odd: one sentence with the file before anything is asked, or a request that comes through.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.rows import write_lines
from tests.synthesize.answers import PROMPTS, TEXTBOOK, prose
from tests.synthesize.asking import log_lines, requests_of, states, synthesize, write_config
from tests.synthesize.misbehaving import Asked, Reply, Server

ONE = [{"name": "w-a", "model": "a"}]
PROMPT = PROMPTS[TEXTBOOK]


async def by_prompt(asked: Asked, reply: Reply) -> None:
    """Writes about whatever the prompt's last line names."""
    named = asked.prompt.rpartition("題目=")[2].strip()
    await reply.chat(f"{named}。" + prose(asked.prompt, named))


def refused(done: object, *names: str) -> None:
    """Checks that a run ended before it asked, with a sentence that names what is to be mended."""
    assert done.returncode == 1, (done.stdout, done.stderr)  # type: ignore[attr-defined]
    said = done.stderr  # type: ignore[attr-defined]
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 4, said
    for name in names:
        assert name in said, said


PROMPTS_REFUSED: dict[str, bytes] = {
    "Shift JIS": PROMPT.encode("cp932", "replace"),
    "UTF-16": PROMPT.encode("utf-16"),
    "syntax": (PROMPT + "{% if %}").encode(),
    "unknown name": (PROMPT + "{{ topik.name }}").encode(),
    "unknown member": (PROMPT + "{{ topic.nom.x }}").encode(),
    "class": (PROMPT + "{{ ''.__class__.__mro__[1].__subclasses__() }}").encode(),
    "globals": (PROMPT + "{{ topic.__init__.__globals__ }}").encode(),
    "cycler": (PROMPT + "{{ cycler.__init__.__globals__.os.popen('id').read() }}").encode(),
    "format": (PROMPT + "{{ '{0.__class__.__init__.__globals__}'.format(topic) }}").encode(),
    "include": (PROMPT + "{% include '/etc/passwd' %}").encode(),
    "import": (PROMPT + "{% import 'os' as os %}").encode(),
    "long loop": (PROMPT + "{% for i in range(10**9) %}x{% endfor %}").encode(),
    "recursion": (PROMPT + "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").encode(),
    "division": (PROMPT + "{{ 1 / 0 }}").encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("name", PROMPTS_REFUSED)
def test_a_prompt_that_cannot_be_rendered_is_named(name: str, tmp_path: Path) -> None:
    with Server(by_prompt) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        (tmp_path / "textbook.txt").write_bytes(PROMPTS_REFUSED[name])
        refused(synthesize(config), "textbook.txt")
        assert server.asked == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "{# 注釈 #}",
        lambda text: text.replace("番号", "葛󠄀𠮷👩‍⚕️\u3000番号"),
    ],
    ids=["byte order mark", "CRLF", "comment", "rare characters"],
)
def test_a_prompt_of_an_editor_is_taken(change: Callable[[str], str], tmp_path: Path) -> None:
    with Server(by_prompt) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        (tmp_path / "textbook.txt").write_bytes(change(PROMPT).encode())
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 2}
    for asked in server.asked:
        first, *others = asked.value["messages"]
        assert first == {"role": "system", "content": "あなたは著者です。"}
        assert [message["role"] for message in others] == ["user"]
        assert "\ufeff" not in asked.prompt
        assert "-----" not in asked.prompt


GOOD_LINE = '{"kind": "disease", "name": "糖尿病", "synonyms": ["DM"]}'
TOPICS_REFUSED: dict[str, bytes] = {
    "Shift JIS": (GOOD_LINE + "\n" + GOOD_LINE.replace("糖尿病", "高血圧")).encode("cp932"),
    "UTF-16": (GOOD_LINE + "\n" + GOOD_LINE.replace("糖尿病", "高血圧")).encode("utf-16"),
    "half a line": (GOOD_LINE + "\n" + GOOD_LINE[:20] + "\n").encode(),
    "array": (GOOD_LINE + '\n["糖尿病"]\n').encode(),
    "no name": (GOOD_LINE + '\n{"kind": "disease"}\n').encode(),
    "number": (GOOD_LINE + '\n{"kind": "disease", "name": 5}\n').encode(),
    "no text": (GOOD_LINE + '\n{"kind": "disease", "name": "  "}\n').encode(),
    "synonyms": (GOOD_LINE + '\n{"kind": "disease", "name": "肺炎", "synonyms": "PN"}\n').encode(),
    "surrogate": (GOOD_LINE + '\n{"kind": "disease", "name": "\\ud842"}\n').encode(),
    "nothing": b"",
    "deep": GOOD_LINE.encode() + b"\n" + b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("name", TOPICS_REFUSED)
def test_a_topic_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with Server(by_prompt) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        (tmp_path / "textbook.jsonl").write_bytes(TOPICS_REFUSED[name])
        done = synthesize(config)
        refused(done, "textbook.jsonl")
        assert server.asked == []
    if name not in {"Shift JIS", "UTF-16", "nothing"}:
        assert "2" in done.stderr.replace(str(tmp_path), ""), "the line"


def test_topics_of_many_forms_come_through_once(tmp_path: Path) -> None:
    """Names with quotes, braces, newlines and rare characters; a name twice, and once more in other clothes."""
    names = [
        '"引用"',
        "{{ 7 * 7 }}",
        "{% raw %}",
        "改行\nあり",
        "𠮷野家病",
        "が゛",
        "A" * 5000,
        "../../../etc/x",
        "<b>太字</b>",
        "-----",
    ]
    with Server(by_prompt) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        lines = [
            json.dumps({"kind": "disease", "name": name}, ensure_ascii=index % 2 == 0)
            for index, name in enumerate(names)
        ]
        text = "\ufeff" + "\r\n".join([*lines, "", *lines[:3], "  "]) + "\r\n"
        (tmp_path / "textbook.jsonl").write_bytes(text.encode())
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    found = [line["topic"] for _, line in requests_of(tmp_path / "out")]
    assert sorted(found) == sorted(names)
    assert len(server.asked) == len(names)
    assert "49" not in server.asked[1].prompt.rpartition("題目=")[2]
    assert len(log_lines(tmp_path / "out-answers")) == len(names)
    for asked in server.asked:
        assert len(asked.value["messages"]) == 2


def test_a_prompt_that_fails_on_a_later_topic_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    """Mended, the prompt has another version: every answer before would be asked for, and paid, again."""
    with Server(by_prompt) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE, writer={"in_flight": 1})
        (tmp_path / "textbook.txt").write_text("{{ topic.synonyms[0] }}\n" + PROMPT)
        lines = [{"kind": "disease", "name": f"病{n}", "synonyms": [] if n == 10 else ["別名"]} for n in range(21)]
        write_lines(tmp_path / "textbook.jsonl", lines)
        refused(synthesize(config), "textbook.txt")
        assert server.asked == []


def test_an_article_that_is_too_long_fails_alone(tmp_path: Path) -> None:
    """`prompt` is the reason of a request whose prompt is too long; the other articles have their answers."""

    async def script(asked: Asked, reply: Reply) -> None:
        value = {"instruction": "検査の要点は何ですか。教えてください。", "output": asked.prompt[-80:]}
        await reply.chat(json.dumps(value, ensure_ascii=False))

    with Server(script) as server:
        config = write_config(tmp_path, server.address, 1, writers=ONE, most_failed=0.5)
        texts = [prose(1, "検査"), "長い記事。" * 250_000, prose(3, "検査")]
        write_lines(tmp_path / "articles.jsonl", [{"text": text} for text in texts])
        value = yaml.safe_load(config.read_text())
        value["tasks"] = [{"name": "qa", "kind": "qa", "topics": ["articles.jsonl"]}]
        config.write_text(yaml.safe_dump(value))
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 2, "failed prompt": 1}


def test_as_many_requests_as_stated_are_under_way(tmp_path: Path) -> None:
    """Neither more nor fewer than `in_flight` of each writer, and a wait for a place is no part of `timeout`."""
    arrived: list[float] = []

    async def slow(asked: Asked, reply: Reply) -> None:
        arrived.append(time.monotonic())
        await asyncio.sleep(2)
        await by_prompt(asked, reply)

    with Server(slow) as server:
        writers = [{"name": "w-a", "model": "a", "in_flight": 70}, {"name": "w-b", "model": "b", "in_flight": 3}]
        config = write_config(tmp_path, server.address, 9, 0, writers=writers, writer={"timeout": 3.9, "attempts": 1})
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 18}
    assert server.most_under_way == 9 + 3
