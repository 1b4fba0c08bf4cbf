"""Which requests there are: ids, writers by weight, prompts in turn."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ncvc.synthesize.config import SynthesizeConfig, TaskConfig, WriterConfig
from ncvc.synthesize.plan import Plan, make_plan, request_id, writer_identity
from ncvc.synthesize.topics import ARTICLE, Topic
from tests.synthesize.made_up import write_config, writer

ADDRESS = "http://127.0.0.1:1/v1"
BOOKS = {"name": "books", "kind": "textbooks", "topics": ["topics.jsonl"]}


def plan(folder: Path, topics: int = 5, **keys: Any) -> Plan:
    return make_plan(SynthesizeConfig.load(write_config(folder, ADDRESS, topics=topics, **keys)), folder)


def ids(found: Plan) -> list[str]:
    return [request.id for request in found.requests]


def test_ids_differ_and_depend_on_what_is_asked_alone(tmp_path: Path) -> None:
    own = writer(ADDRESS)
    base = ids(plan(tmp_path, writers=[own]))
    assert len(set(base)) == len(base) == 15
    free = {"address": "http://127.0.0.1:2/v1", "in_flight": 9, "price_in": 1.0, "attempts": 2, "api_key_env": "A"}
    for key, value in free.items():
        assert ids(plan(tmp_path, writers=[own | {key: value}])) == base, key
    assert ids(plan(tmp_path, writers=[own], checks={"near": None}, spending_limit=1.0)) == base
    for key, value in {"name": "z", "model": "z", "temperature": 0.1, "top_p": 0.5, "max_tokens": 9}.items():
        assert not set(ids(plan(tmp_path, writers=[own | {key: value}]))) & set(base), key
    assert not set(ids(plan(tmp_path, writers=[own], seed=1))) & set(base)


def test_more_topics_leave_the_ids_of_the_others(tmp_path: Path) -> None:
    few = ids(plan(tmp_path, 5))
    more = ids(plan(tmp_path, 9))
    assert set(few) < set(more)
    assert [each for each in more if each in few] == few


def test_every_writer_writes_on_every_topic_and_prompts_take_turns(tmp_path: Path) -> None:
    writers = [writer(ADDRESS, name) for name in "vwxyz"]
    found = plan(tmp_path, 30, tasks=[BOOKS], writers=writers).requests
    by_topic: dict[str, list[str]] = {}
    prompts: dict[str, Counter[str]] = {}
    for request in found:
        by_topic.setdefault(request.topic.name, []).append(request.writer)
        prompts.setdefault(request.topic.name, Counter())[request.prompt.name] += 1
    assert all(sorted(names) == list("vwxyz") for names in by_topic.values())
    assert all(sorted(counts.values()) == [1, 2, 2] for counts in prompts.values())


def test_weights_are_shares_where_a_topic_has_one_text(tmp_path: Path) -> None:
    writers = [writer(ADDRESS, "a", weight=1.0), writer(ADDRESS, "b", weight=3.0)]
    task = BOOKS | {"texts_per_topic": 1}
    counts = Counter(request.writer for request in plan(tmp_path, 4000, tasks=[task], writers=writers).requests)
    # Binomial with p = 3/4: standard deviation 27.4.
    assert counts["b"] == pytest.approx(3000, abs=110)
    assert counts.total() == 4000


def test_most_topics_are_spread_over_the_list(tmp_path: Path) -> None:
    found = plan(tmp_path, 100, tasks=[BOOKS | {"most_topics": 4}]).requests
    assert [int("".join(filter(str.isdigit, each.topic.name))) for each in found] == [0, 25, 50, 75]


def test_requests_about_an_article_ask_for_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_text('{"text": "肺炎の診療について。"}\n', encoding="utf-8")
    task = {"name": "qa", "kind": "qa", "topics": ["articles.jsonl"], "texts_per_topic": 5}
    found = plan(tmp_path, tasks=[task]).requests
    assert len({each.question_kind for each in found}) == 5
    assert {each.origin()["article"] for each in found} == {"articles.jsonl:1"}
    assert all(each.question_kind in each.messages()[1]["content"] for each in found)


@pytest.mark.parametrize(
    ("kind", "topic", "number", "seed", "own"),
    [
        ("textbooks", Topic("disease", "糖尿病", ("DM",)), 1, 0, "0eb730f13e97d2a6e2fb8416de598c77"),
        ("qa", Topic(ARTICLE, "a:1", text="本文"), 2, 7, "65a38a9131b54ced932674aa0b8bdcb6"),
    ],
)
def test_ids_are_those_of_version_0_1_0(kind: Any, topic: Topic, number: int, seed: int, own: str) -> None:
    """Another id would pay again for every answer that people have."""
    task = TaskConfig(name="books" if kind == "textbooks" else kind, kind=kind, topics=["t"])
    identity = writer_identity(WriterConfig(name="a", address="http://h/v1", model="m"), Path())
    assert request_id(task, topic.digest, "0" * 16, identity, number, seed) == own
