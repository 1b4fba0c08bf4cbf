"""Runs one conversion and prints the most memory of each of its steps; `test_memory.py` calls it, in its own process.

python tests/convert/measure_memory.py SOURCE OUTPUT TARGET DTYPE [TOKENIZER]

Each line is JSON: the reporter's sentence, and the bytes above those that the libraries take after their import.
"""

import json
import re
import sys
from pathlib import Path

import transformers

import ncvc.model.lazy_dynamo  # noqa: F401
from ncvc.convert import export, gguf_folder, restore
from ncvc.progress import Reporter

assert transformers.LlamaForCausalLM
assert transformers.ArceeForCausalLM
CLEAR = Path("/proc/self/clear_refs")


def status(name):
    return int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


class Meter(Reporter):
    def __init__(self):
        self.base, self.line = status("VmRSS"), "start"

    def say(self, line):
        print(json.dumps({"step": self.line, "bytes": status("VmHWM") - self.base}), flush=True)
        CLEAR.write_text("5")  # the peak is counted from here
        self.line = line


def main(source, output, target, dtype, tokenizer=None):
    meter = Meter()
    options = {"tokenizer": Path(tokenizer) if tokenizer else None, "reporter": meter}
    if target == "megatron":
        restore.to_megatron(Path(source), Path(output), **options)
    elif target == "gguf":
        gguf_folder.to_gguf(Path(source), Path(output), dtype=dtype, **options)
    else:
        export.to_huggingface(Path(source), Path(output), dtype=dtype, llama=target == "llama", **options)
    meter.say("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
