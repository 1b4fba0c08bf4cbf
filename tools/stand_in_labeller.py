"""Labels documents by a stated rule behind OpenAI's API: a stand-in where no language model is at hand.

    python tools/stand_in_labeller.py [--port 8766]
    ncvc quality label text/*.jsonl.zst -o labels --labeller 'http://127.0.0.1:8766/v1#rule'

The rule: 高 if at least 70 % of a text's characters are in lines that end as sentences do (。, or a closing bracket),
its sentences have 20 characters or more on average, and of 200 characters at most one is an exclamation, a question, a
note or star, …, 〜 or 笑. The model `strict` asks for 90 %, 30 characters and one in 1,000. To a text that holds
TROUBLE the answer is neither 高 nor 低, as models now and then give one.
"""

import argparse
import json
import re
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

END = re.compile(r"[。」』)]$")
CASUAL = re.compile("[!?♪☆★…〜~笑]")
TROUBLE = "ERROR"
OTHER_ANSWER = "The text is of high quality."


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


class Handler(BaseHTTPRequestHandler):
    """Answers the list of models, and the last turn of a conversation."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Lists the rules as models."""
        self._reply({"data": [{"id": name} for name in RULES]})

    def do_POST(self) -> None:
        """Labels the last turn."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = RULES[asked["model"]].label(asked["messages"][-1]["content"])
        choice = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        self._reply({"choices": [choice], "usage": {"completion_tokens": 1}})

    def _reply(self, value: dict[str, Any]) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8766)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
