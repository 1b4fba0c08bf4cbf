"""`README.md` and Ollama's `Modelfile` of a folder with a GGUF file."""

from pathlib import Path

from ncvc.convert.card import BEGINS, FILES, LIMITS, beginning
from ncvc.convert.gguf_check import BOUNDS, Found
from ncvc.convert.source import Source
from ncvc.special_tokens import first_id


def gguf_card(source: Source, path: Path, dtype: str, found: Found) -> str:
    """The card, as Markdown with the header that model hubs read."""
    divergence, agreement = BOUNDS[dtype]
    rows = {
        "trained for": f"{source.step:,} steps, {source.tokens_seen:,} tokens",
        "vocabulary": f"{source.model.vocab_size:,} pieces",
        "longest text": f"{source.model.max_position_embeddings:,} tokens",
        "weights": f"{dtype}, {path.stat().st_size / 1e9:.2f} GB",
        "largest difference of a logit from Megatron's float32": f"{found.difference:.1e}",
        "mean KL divergence": f"{found.divergence:.1e} nats (at most {divergence:.0e} allowed)",
        "same most likely token": f"{found.agreement:.1%} of {found.tokens} (at least {agreement:.0%} asked)",
    }
    return CARD.format(
        beginning=beginning("gguf", "for llama.cpp", rows),
        engine=ENGINES[found.engine],
        file=path.name,
        first=first_id(begin_of_text=source.begin_of_text),
        begins=BEGINS[source.begin_of_text],
        files=FILES,
        limits=LIMITS,
    )


def modelfile(name: str) -> str:
    """Ollama's recipe for the file `name`: text is continued as it is, up to the end of a text."""
    return MODELFILE.format(name=name)


ENGINES = {
    "llama.cpp": "by llama.cpp: the difference with float32 keys and values and without flash attention,\n"
    "the rest with its default settings",
    "gguf": "by transformers, with the numbers that the `gguf` package reads from the file: llama.cpp was\n"
    "not installed",
}

CARD = """\
{beginning}

The figures were measured {engine}.

The architecture is `llama`, with an MLP whose second factor is the constant 1 where the model has no gate. Do not make
another file with llama.cpp's own converter: it takes the model for Arcee's with relu², which is another function.

## Use

In training every text was cleaned, then split into morphemes, then each morpheme into pieces. The tokenizer inside the
file does the last of these only, and knows no separator between morphemes: text given to llama.cpp or Ollama gets other
ids than in training wherever a piece would cross a morpheme's border. Token ids that `ncvc.Tokenizer` made are exact:

```python
import ncvc
from llama_cpp import Llama

tokenizer = ncvc.Tokenizer.load("ncvc/tokenizer")
model = Llama("{file}")
ids = [{first}, *tokenizer.encode("患者は発熱を主訴に")]
```

{begins}; the file says so to llama.cpp, which puts that id before a text. It ends with `<|end_of_text|>` (id 2).

## Files

| | |
| --- | --- |
| `{file}` | the model and its pieces |
| `Modelfile` | for `ollama create NAME -f Modelfile` |
{files}
| `manifest.json` | what this folder was made from, and the SHA-256 of each file |

{limits}"""
MODELFILE = """\
FROM ./{name}
TEMPLATE \"\"\"{{{{ .Prompt }}}}\"\"\"
PARAMETER stop "<|end_of_text|>"
"""
