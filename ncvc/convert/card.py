"""`README.md` of a converted folder: what the model is, in plain words and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from ncvc import __version__
from ncvc.convert.check import Check
from ncvc.convert.config import Architecture
from ncvc.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts for the card besides the model's sizes."""

    parameters: int
    dtype: str
    """Type of the stored weights: `float32`, `bfloat16` or `float16`."""
    weight_bytes: int
    step: int
    """Training steps behind the weights."""
    tokens_seen: int
    average_of: tuple[int, ...] = ()
    """Steps of the checkpoints whose mean the weights are."""
    ema: float | None = None
    """Decay of the moving average that the weights are."""
    document_mask: bool = False
    """True if attention stayed within a document in training."""
    optimizer: str = "adamw"
    tuned: str = ""
    """A sentence on how the model was tuned; empty for a base model."""
    begin_of_text: bool
    """True if the documents of the training data begin with `<|begin_of_text|>`."""
    check: Check
    architecture: Architecture


def model_card(model: ModelConfig, facts: Facts) -> str:
    """The card, as Markdown with the header that model hubs read."""
    rows = {
        "parameters": f"{facts.parameters:,}",
        "layers": model.num_layers,
        "hidden size, MLP size": f"{model.hidden_size:,}, {model.ffn_hidden_size:,}",
        "attention heads, query groups, head size": (
            f"{model.num_attention_heads}, {model.num_query_groups}, {model.kv_channels}"
        ),
        "vocabulary": f"{model.vocab_size:,} pieces",
        "longest text": f"{model.max_position_embeddings:,} tokens",
        "trained for": f"{facts.step:,} steps, {facts.tokens_seen:,} tokens",
        "weights": f"{facts.dtype}, {facts.weight_bytes / 1e9:.2f} GB",
        "logits beside Megatron's, computed in float32": (
            f"{facts.check.tokens} tokens, largest difference {facts.check.difference:.1e}"
        ),
    }
    if facts.document_mask:
        rows["attention in training"] = "within a document"
    if facts.optimizer == "muon":
        rows["optimizer"] = "Muon for the matrices of the layers, AdamW for the rest"
    if facts.ema is not None:
        rows["weights averaged over the steps"] = f"exponential moving average, decay {facts.ema}"
    elif facts.average_of:
        rows["weights averaged over the checkpoints of steps"] = ", ".join(f"{step:,}" for step in facts.average_of)
    if facts.check.rounding is not None:
        rows[f"rounding to {facts.dtype} moves a logit by"] = f"at most {facts.check.rounding:.1e}"
    return CARD.format(
        beginning=beginning("transformers", f"of {facts.parameters:,} parameters", rows, facts.tuned),
        name=facts.architecture.name,
        architecture=_architecture(model, facts.architecture),
        original=ORIGINAL_EMBEDDING if model.scale_embedding else "",
        embedding=SCALED_EMBEDDING.format(hidden=model.hidden_size) if model.scale_embedding else "",
        begins=BEGINS[facts.begin_of_text],
        files=FILES,
        limits=LIMITS,
    )


def beginning(library: str, title: str, rows: Mapping[str, object], tuned: str = "") -> str:
    """The header that model hubs read, what the model is, and a table; `tuned`: see `Facts`."""
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return BEGINNING.format(library=library, title=title, table=table, version=__version__, kind=tuned or BASE_MODEL)


BASE_MODEL = """\
It is a base model: it continues Japanese text and was
not taught to follow instructions."""


def _architecture(model: ModelConfig, entry: Architecture) -> str:
    """The paragraph on the class of transformers, and on engines that take it for another model."""
    layers = "grouped-query attention, RoPE, RMSNorm"
    if entry.model_type == "arcee":
        return f"with `hidden_act` silu: {layers}, an MLP without a gate, no biases. {ARCEE_ELSEWHERE}"
    if not model.gated_linear_unit:
        return f"with `mlp_bias`: {layers}. {LLAMA_ELSEWHERE}"
    return f"({layers}, SwiGLU)."


ARCEE_ELSEWHERE = """\
llama.cpp takes every Arcee model's
activation for relu² and computes something else without an error, and some engines do not know the class: for them
convert the checkpoint with `--to gguf` or `--to llama`."""
LLAMA_ELSEWHERE = """\
The trained MLP has no gate: its first matrix is
stored as the gate, beside a value whose weight is 0 and whose bias is 1, and the biases besides are 0. It is the same
function with more stored numbers, for engines that know only Llama. Do not tune it in this form. SGLang skips
these biases and computes something else without an error."""
ORIGINAL_EMBEDDING = """\
| `ncvc/embedding.safetensors` | the embedding before the multiplication, for the way back to Megatron |
"""
SCALED_EMBEDDING = """ In training the embedding's output was multiplied by
√{hidden}; here the matrix itself holds the product."""


BEGINNING = """\
---
language: ja
library_name: {library}
pipeline_tag: text-generation
---
# A Japanese language model {title}

Trained from scratch and converted by ncvc {version}. {kind}

| | |
| --- | --- |
{table}"""
FILES = """\
| `ncvc/tokenizer/` | cleaning rules, dictionary and pieces, for raw text |
| `ncvc/logits.safetensors` | token ids and Megatron's float32 logits for them, to compare an engine with |"""
BEGINS = {
    True: "A text begins with `<|begin_of_text|>` (id 1), as every document did in training",
    False: "A text begins after `<|end_of_text|>` (id 2), as every document did in training, without its own piece",
}
LIMITS = """\
## Limits

What it writes can be wrong, and can repeat what stood in its training text. It is no medical device and gives
no medical advice.
"""

CARD = """\
{beginning}

The architecture is `{name}` of stock transformers {architecture}{embedding}

## Use

With ncvc, from raw text:

```
ncvc generate FOLDER --prompt "患者は発熱を主訴に"
```

With transformers alone, nothing else installed:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModelForCausalLM.from_pretrained("FOLDER")
ids = tokenizer("患者\\u001fは\\u001f発熱\\u001fを", return_tensors="pt")
print(tokenizer.decode(model.generate(**ids, max_new_tokens=64)[0]))
```

In training every text was cleaned, then split into morphemes, then each morpheme into pieces.
`tokenizer.json` does the last of these only: it is exact on cleaned text whose morphemes are joined by
U+001F, as above, and an approximation on raw text. `ncvc.Tokenizer.load("FOLDER/ncvc/tokenizer")` does all
three.

{begins}: `config.json`, `generation_config.json` and the tokenizer agree, and the tokenizer puts it before a text.
A text ends with `<|end_of_text|>` (id 2), which also pads, as in the papers, on the left. A collator that takes padding
out of the loss by its id, such as `DataCollatorForLanguageModeling` of transformers, takes every end of a text out
too, and the model unlearns to stop: tune with one that goes by the attention mask, such as TRL's own.

## Files

| | |
| --- | --- |
| `model*.safetensors`, `config.json`, `generation_config.json` | the model |
| `tokenizer.json`, `tokenizer_config.json` | the pieces, for transformers |
{files}
{original}| `manifest.json` | what this folder was made from, and the SHA-256 of each file |

{limits}"""
