"""Compares a running server with the folder, against one of the standard library that computes by transformers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import torch
import transformers
from click.testing import CliRunner

from ncvc.api_key import KEY
from ncvc.cli.commands import ncvc as command_line
from ncvc.convert.endpoint import compare_endpoint
from ncvc.errors import ConvertError


@pytest.fixture
def serve(converted, monkeypatch):
    """Starts servers; `change` is applied to the model, `answer` to what the server says."""
    servers = []

    def start(change=lambda model: None, answer=lambda told: told):
        torch.set_num_threads(1)
        model = transformers.AutoModelForCausalLM.from_pretrained(converted, dtype=torch.float32).eval()
        change(model)

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                asked.append((self.path, dict(self.headers)))
                self.say({"data": [{"id": "hf"}]})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append((self.path, body))
                ids = torch.tensor([body["prompt"]])
                with torch.no_grad():
                    logprobs = model(ids).logits.log_softmax(-1)[0]
                told = [None, *(logprobs[i, t].item() for i, t in enumerate(body["prompt"][1:])), -1.0]
                self.say(answer({"choices": [{"logprobs": {"token_logprobs": told}}]}))

            def say(self, value):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(value if isinstance(value, bytes) else json.dumps(value).encode())

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    asked = start.asked = []
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_right_server_agrees(converted, serve, monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    found = compare_endpoint(converted, serve())
    assert (found.model, found.tokens) == ("hf", 2 * 63)
    assert found.largest < 1e-4
    assert serve.asked[0][0] == "/v1/models"
    assert serve.asked[0][1]["Authorization"] == "Bearer secret"
    assert serve.asked[1][1]["echo"] is True


def test_the_command_says_it(converted, serve):
    arguments = ["convert", "--check", str(converted), "--endpoint", serve() + "/v1/"]
    done = CliRunner().invoke(command_line, arguments, catch_exceptions=False)
    assert "hf: log-probabilities of 126 tokens differ from Megatron's by" in done.stdout
    done = CliRunner().invoke(command_line, [*arguments, "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["mean"] < 1e-4


def squared_relu(model):
    for layer in model.model.layers:
        layer.mlp.act_fn = transformers.activations.ACT2FN["relu2"]


def no_rope(model):
    model.model.rotary_emb.inv_freq *= 0


@pytest.mark.parametrize("change", [squared_relu, no_rope])
def test_a_server_that_computes_another_function_is_found(change, converted, serve):
    """As engines do that take the model for Arcee's own, or know no RoPE."""
    with pytest.raises(ConvertError, match=r"differ from Megatron's by .* the server computes another function"):
        compare_endpoint(converted, serve(change))


@pytest.mark.parametrize(
    "answer",
    [
        lambda told: {"choices": [{"logprobs": None}]},
        lambda told: {"choices": []},
        lambda told: {"choices": [{"logprobs": {"token_logprobs": [None, -1.0]}}]},
        lambda told: {"choices": [{"logprobs": {"token_logprobs": ["x"] * 64}}]},
    ],
)
def test_a_server_without_echo_is_told(answer, converted, serve):
    with pytest.raises(ConvertError, match="tells no log-probabilities of a prompt"):
        compare_endpoint(converted, serve(answer=answer))


def test_what_is_no_server_is_told(converted, serve):
    for url, words in (
        ("ftp://x", "not an address"),
        ("file:///etc/passwd", "not an address"),
        ("http://127.0.0.1:1", "no answer"),
        ("http://user:secret@127.0.0.1:1/v1", "give no password in the address; NCVC_API_KEY holds the key"),
    ):
        with pytest.raises(ConvertError, match=words) as told:
            compare_endpoint(converted, url)
        assert "secret" not in str(told.value)
    with pytest.raises(ConvertError, match="not answer in JSON"):
        compare_endpoint(converted, serve(answer=lambda told: b"<html>"))
    done = CliRunner().invoke(command_line, ["convert", str(converted), "out", "--to", "hf", "--endpoint", "http://x"])
    assert done.exit_code == 2
