"""Stand-ins for language models: stated rules behind OpenAI's API, where no large model is at hand.

`rule` and `strict` label documents. 高 if at least 70 % of a text's characters are in lines that end as sentences do
(。, or a closing bracket), its sentences have 20 characters or more on average, and of 200 characters at most one is
an exclamation, a question, a note or star, …, 〜 or 笑; `strict` asks for 90 %, 30 characters and one in 1,000. To a
text that holds TROUBLE the answer is neither 高 nor 低, as models now and then give one.

`rules` writes on the topic in 「」: sentences of a few forms, filled with the words of the demo's grammar. They read
like medical text and are true of nothing.
"""

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ncvc.demo.grammar import Grammar, Writer

END = re.compile(r"[。」』)]$")
CASUAL = re.compile("[!?♪☆★…〜~笑]")
TROUBLE = "ERROR"
OTHER_ANSWER = "The text is of high quality."
TOPIC = re.compile("「([^」]+)」")


@dataclass(frozen=True)
class Rule:
    """Limits of a text that is called 高."""

    ended: float
    """Smallest share of characters in lines that end a sentence."""
    sentence: float
    """Smallest mean length of sentences, in characters."""
    casual: float
    """Largest share of characters that are casual marks."""

    def label(self, text: str) -> str:
        """Returns 高 or 低, or something else for trouble."""
        if TROUBLE in text:
            return OTHER_ANSWER
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        characters = sum(map(len, lines))
        ended = sum(len(line) for line in lines if END.search(line))
        sentences = [part for part in re.split("[。\n]", text) if part.strip()]
        if not sentences or ended < self.ended * characters or characters < self.sentence * len(sentences):
            return "低"
        return "高" if len(CASUAL.findall(text)) <= self.casual * characters else "低"


RULES = {"rule": Rule(0.7, 20, 1 / 200), "strict": Rule(0.9, 30, 1 / 1000)}

SENTENCES = (
    (
        "{name}は、{anatomy}に生じた変化が{symptom}として現れる病態を指す。",
        "{name}という名は、{anatomy}の所見と{symptom}が同時にみられることに由来する。",
        "{name}を理解するには、まず{anatomy}の構造と働きを思い起こす必要がある。",
    ),
    (
        "患者は{symptom}を訴えて受診することが多く、数日のうちに{symptom}が加わる。",
        "初発の訴えは{symptom}であることが多いが、{symptom}だけで見つかる例もある。",
        "問診では{symptom}の始まり方と、{symptom}を伴うかどうかを確かめる。",
    ),
    (
        "診断には{exam}が役立ち、{finding}を認めれば疑いは強まる。",
        "{exam}で{finding}がみられないときも、経過によっては再検する。",
        "最初に{exam}を行い、結果に応じて{exam}を加える。",
    ),
    (
        "治療の中心は{drug}であり、効果が乏しければ{procedure}を検討する。",
        "軽症では経過をみるが、{symptom}が続く場合は{drug}を用いる。",
        "{procedure}を要するのは一部の例に限られ、多くは{drug}で改善する。",
    ),
    (
        "鑑別すべきものに{disease}と{disease}があり、{exam}の結果が手がかりになる。",
        "{disease}でも似た経過をとるため、{finding}の有無に注意する。",
        "{disease}を合併することがあり、その場合の見通しは慎重に述べる。",
    ),
    (
        "看護では{symptom}の強さを毎日記録し、悪化したときは速やかに報告する。",
        "退院後は{exam}を定期に行い、{name}の再発に備える。",
        "家族には、{symptom}が現れたときに受診するよう説明しておく。",
    ),
)
"""Slots of a text, each with the forms that its sentence may have."""


@cache
def _grammar() -> Grammar:
    return Grammar.load()


def write_text(prompt: str) -> str:
    """Writes a text on the topic in the prompt's first 「」; the same for the same prompt."""
    name, writer = _begin(prompt)
    return "".join(_sentence(forms, name, writer) for forms in (*SENTENCES, *SENTENCES[1:5]))


def write_exercise(prompt: str) -> str:
    """Writes an examination question on the topic as JSON of the schema that `ncvc synthesize` asks for."""
    name, writer = _begin(prompt)
    words = list(dict.fromkeys(_grammar().words["exam"][writer.below(20) :]))[:5]
    answer = writer.below(len(words))
    value = {
        "question": f"{_sentence(SENTENCES[1], name, writer)}{name}が疑われるとき、最初に行うのはどれか。",
        "choices": dict(zip("abcde", words, strict=True)),
        "answer": "abcde"[answer],
        "explanation": f"正解は{'abcde'[answer]}。{name}では{words[answer]}を最初に行うと、この例では決めてある。",
    }
    return json.dumps(value, ensure_ascii=False)


def _begin(prompt: str) -> tuple[str, Writer]:
    found = TOPIC.search(prompt)
    return (found[1] if found else "この病態"), Writer(_grammar(), zlib.crc32(prompt.encode()))


def _sentence(forms: tuple[str, ...], name: str, writer: Writer) -> str:
    def word(field: re.Match[str]) -> str:
        return name if field[1] == "name" else writer.phrase(field[1])

    return re.sub(r"\{(\w+)\}", word, forms[writer.below(len(forms))])


def _answer(asked: dict[str, Any]) -> str:
    """Answers the last turn of a request."""
    text = asked["messages"][-1]["content"]
    if asked["model"] == "rules":
        write: Callable[[str], str] = write_exercise if "response_format" in asked else write_text
        return write(text)
    return RULES[asked["model"]].label(text)


class Handler(BaseHTTPRequestHandler):
    """Answers the list of models, and the last turn of a conversation."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets, of which the second would wait 40 ms

    def do_GET(self) -> None:
        """Lists the stand-ins as models."""
        self._reply({"data": [{"id": name} for name in (*RULES, "rules")]})

    def do_POST(self) -> None:
        """Answers the last turn."""
        answer = _answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        choice = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        self._reply({"choices": [choice], "usage": {"completion_tokens": len(answer)}})

    def _reply(self, value: dict[str, Any]) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


class StandIns(ThreadingHTTPServer):
    """The server; as many may connect at once as ask, where the default makes the sixth wait for a second."""

    request_queue_size = 128
    daemon_threads = True


@contextmanager
def stand_ins() -> Iterator[str]:
    """Serves the stand-ins on this machine alone, and yields their address with `/v1`."""
    server = StandIns(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
