"""The chat page in a headless browser, as a person uses it: by keyboard, in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.serve.page import POLICY, chat_page
from tests.browser import Page, find_browser
from tests.serve.conftest import Counting, Server, Start

SAID = "[...document.querySelectorAll('.said .text')].map((each) => each.firstChild.textContent)"
QUIET = "document.querySelector('.said.assistant .foot') !== null && !document.querySelector('[aria-busy=true]')"


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip("no browser is on PATH")
    return found


@pytest.fixture
def page(browser: str, tmp_path: Path) -> Iterator[Page]:
    with Page(browser, tmp_path / "profile") as opened:
        yield opened


def ask(page: Page, text: str) -> None:
    page.run("document.getElementById('prompt').focus()")
    page.write(text)
    page.press("Enter")


def test_a_conversation_by_keyboard(page: Page, server: Server, tiny: LanguageModel) -> None:
    page.open(server.url)
    assert page.run("document.activeElement.id") == "prompt"
    page.run(
        "for (const [id, value] of [['temperature', 0], ['max_tokens', 8], ['system', '医師']]) document.getElementById(id).value = value"
    )
    ask(page, "発熱は")
    page.wait(QUIET)
    messages = [{"role": "system", "content": "医師"}, {"role": "user", "content": "発熱は"}]
    asked = {"messages": messages, "temperature": 0, "max_tokens": 8}
    expected = server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]["content"]
    assert page.run(SAID) == ["発熱は", expected]
    assert expected in page.run("document.getElementById('status').textContent")
    ask(page, "次は")
    page.wait("document.querySelectorAll('.said .foot').length === 2")
    messages += [{"role": "assistant", "content": expected}, {"role": "user", "content": "次は"}]
    answer = server.post("/v1/chat/completions", {**asked, "messages": messages}).json()["choices"][0]
    assert page.run(SAID)[2:] == ["次は", answer["message"]["content"]]
    # Pieces: shown on demand, one tab stop, arrows move, the focus tells the probability.
    page.run("document.getElementById('show').click()")
    pieces = page.run("[...document.querySelectorAll('.pieces')].map((row) => row.querySelectorAll('button').length)")
    assert pieces == [8, 8]
    page.run("document.querySelector('.pieces button').focus()")
    page.press("ArrowRight")
    assert page.run("[...document.querySelectorAll('.pieces button')].indexOf(document.activeElement)") == 1
    assert page.run("document.querySelectorAll('.pieces [tabindex=\"0\"]').length") == 2
    assert re.search(r"\d %", page.run("document.querySelector('.detail').textContent"))
    page.run("document.getElementById('new').click()")
    assert page.run(SAID) == []
    assert page.faults() == []


def test_a_base_model_continues_text(page: Page, base_server: Server, tiny: LanguageModel) -> None:
    page.open(base_server.url)
    assert page.run("document.getElementById('system-field').hidden")
    page.run(
        "for (const [id, value] of [['temperature', 0], ['max_tokens', 8]]) document.getElementById(id).value = value"
    )
    ask(page, "発熱は")
    page.wait(QUIET)
    [made] = generate(tiny, [("発熱は", Sampling(temperature=0, max_new_tokens=8))])
    assert page.run("document.querySelector('.said .text').innerText").startswith(f"発熱は{made.text}".rstrip())


SET_COLD = "document.getElementById('temperature').value = 0"


def test_an_answer_takes_what_the_model_holds(page: Page, server: Server, tiny: LanguageModel) -> None:
    """With the settings as they come, though the model holds fewer tokens than an answer usually gets."""
    page.open(server.url)
    page.run(SET_COLD)
    ask(page, "発熱は")
    page.wait(QUIET)
    asked = {"messages": [{"role": "user", "content": "発熱は"}], "temperature": 0}
    answer = server.post("/v1/chat/completions", asked).json()
    assert answer["usage"]["total_tokens"] == tiny.max_tokens or answer["choices"][0]["finish_reason"] == "stop"
    assert page.run(SAID) == ["発熱は", answer["choices"][0]["message"]["content"]]
    assert page.faults() == []


def test_a_continuation_takes_what_the_model_holds(page: Page, base_server: Server, tiny: LanguageModel) -> None:
    page.open(base_server.url)
    page.run(SET_COLD)
    ask(page, "発熱は")
    page.wait(QUIET)
    assert tiny.max_tokens < 256
    [made] = generate(tiny, [("発熱は", Sampling(temperature=0, max_new_tokens=256))])
    assert page.run("document.querySelector('.said .text').innerText").startswith(f"発熱は{made.text}".rstrip())
    assert page.faults() == []


def test_escape_stops_the_answer_and_its_work(page: Page, start: Start) -> None:
    server = start(Counting(seconds=0.02))
    page.open(server.url)
    ask(page, "a")
    page.wait("document.querySelector('.said .text')?.textContent.length > 5")
    assert page.run("[document.getElementById('send').hidden, document.getElementById('stop').hidden]") == [True, False]
    page.press("Escape")
    page.wait(QUIET)
    assert page.run("document.querySelector('.said.assistant .foot').textContent.length") > 0
    page.wait(
        "fetch('/metrics').then((answer) => answer.text()).then((text) => text.includes('ncvc_rows_under_way 0'))"
    )


def test_errors_are_alerts_and_the_text_stays(page: Page, start: Start) -> None:
    server = start(Counting(seconds=0))
    page.open(server.url)
    page.run("document.getElementById('max_tokens').value = 100000")
    ask(page, "a")
    page.wait("document.querySelector('[role=alert]') !== null")
    assert "max_tokens: 100000 after a prompt" in page.run("document.querySelector('[role=alert]').textContent")
    assert page.run("document.getElementById('prompt').value") == "a"
    page.run("document.getElementById('temperature').value = 9")
    page.press("Enter")
    page.wait("document.querySelectorAll('[role=alert]').length === 2")


def test_an_enter_that_ends_a_conversion_sends_nothing(page: Page, base_server: Server) -> None:
    page.open(base_server.url)
    page.call("Input.imeSetComposition", text="はつねつ", selectionStart=4, selectionEnd=4)
    page.press("Enter")
    page.run(
        "document.getElementById('prompt').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
    )
    assert page.run("document.querySelectorAll('.said').length") == 0


def test_both_languages_are_complete_and_every_control_has_a_name(page: Page, base_server: Server) -> None:
    page.open(base_server.url)
    words = page.run("[Object.keys(WORDS.ja), Object.keys(WORDS.en)]")
    assert words[0] == words[1]
    used = set(re.findall(r'data-[tpl]="(\w+)"', chat_page("x", has_chat=True, logs_text=False)))
    assert used <= set(words[0])
    page.run("document.getElementById('open').click()")
    for language in ("ja", "en"):
        if page.run("document.documentElement.lang") != language:
            page.run("document.getElementById('language').click()")
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        controls = [
            node
            for node in nodes
            if node.get("role", {}).get("value") in ("button", "textbox", "spinbutton", "checkbox", "log")
        ]
        assert len(controls) >= 9
        assert all(node["name"]["value"].strip() for node in controls)
        japanese = re.search(r"[ぁ-ん]", page.run("document.getElementById('empty').textContent"))
        assert bool(japanese) == (language == "ja")
    page.open(f"{base_server.url}/?")
    assert page.run("document.documentElement.lang") == "en"


def test_the_policy_lets_the_page_alone_run(page: Page, start: Start) -> None:
    server = start(Counting())
    server.service.name = '"><script>document.title = "broken"</script>{}'
    answer = server.http.get("/")
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["x-frame-options"] == "DENY"
    page.open(server.url)
    assert page.run("document.getElementById('model').textContent") == server.service.name
    assert page.run("document.scripts.length") == 1
    assert page.faults() == []
    blocked = "new Promise((done) => { addEventListener('securitypolicyviolation', () => done(true)); "
    assert page.run(
        blocked + "document.head.append(Object.assign(document.createElement('img'), {src: 'http://127.0.0.1:9/x'})) })"
    )
    assert page.run("fetch('http://127.0.0.1:9/').then(() => false, () => true)")


def test_the_page_says_whether_text_is_logged() -> None:
    for logs in (True, False):
        facts = re.search(r'data-facts="([^"]*)"', chat_page("x", has_chat=True, logs_text=logs))
        assert facts is not None
        assert json.loads(facts[1].replace("&quot;", '"'))["logs"] is logs
