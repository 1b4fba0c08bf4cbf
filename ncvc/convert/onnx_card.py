"""`README.md` of a folder with an ONNX file."""

from ncvc.convert.card import BEGINS, FILES, LIMITS, beginning, kind
from ncvc.convert.source import Source
from ncvc.special_tokens import END_OF_TEXT_ID, first_id


def onnx_card(source: Source, weight_bytes: int, tokens: int, difference: float) -> str:
    """The card, as Markdown with the header that model hubs read; the comparison's result is the last two."""
    rows = {
        "parameters": f"{source.parameters:,}",
        "trained for": f"{source.step:,} steps, {source.tokens_seen:,} tokens",
        "vocabulary": f"{source.model.vocab_size:,} pieces",
        "longest text": f"{source.model.max_position_embeddings:,} tokens",
        "weights": f"float32, {weight_bytes / 1e9:.2f} GB",
        "logits beside Megatron's, by onnxruntime": f"{tokens} tokens, largest difference {difference:.1e}",
    }
    taught = kind(source.tuned.get("description", ""), chat=source.chat_template is not None)
    return CARD.format(
        beginning=beginning("onnx", "for onnxruntime", rows, taught),
        groups=source.model.num_query_groups,
        head=source.model.kv_channels,
        first=first_id(begin_of_text=source.begin_of_text),
        end=END_OF_TEXT_ID,
        begins=BEGINS[source.begin_of_text],
        files=FILES,
        limits=LIMITS,
    )


CARD = """\
{beginning}

## Use

`input_ids`, `attention_mask` and `position_ids` (int64) and the cache (`past_key_values.N.key` and `.value`, float32
[batch, {groups}, past length, {head}], of length 0 at first) go in; `logits` of every token and the longer cache
(`present.N.key`, `.value`) come out. Batch and lengths are free; padding is masked by `attention_mask`.

```python
import ncvc
import numpy as np
import onnxruntime

tokenizer = ncvc.Tokenizer.load("ncvc/tokenizer")
session = onnxruntime.InferenceSession("model.onnx")
names = [each.name for each in session.get_inputs() if each.name.startswith("past")]
cache = [np.zeros((1, {groups}, 0, {head}), np.float32) for _ in names]

ids = [{first}, *map(int, tokenizer.encode("患者は発熱を主訴に"))]
new = ids
while len(ids) < 64 and ids[-1] != {end}:
    given = {{
        "input_ids": np.array([new]),
        "attention_mask": np.ones((1, len(ids)), np.int64),
        "position_ids": np.arange(len(ids) - len(new), len(ids))[None],
    }}
    logits, *cache = session.run(None, {{**given, **dict(zip(names, cache))}})
    new = [int(logits[0, -1].argmax())]
    ids = ids + new
print(tokenizer.decode(ids))
```

In training every text was cleaned, then split into morphemes, then each morpheme into pieces; `ncvc.Tokenizer` does all
three. `tokenizer.json` alone does the last: exact on cleaned text whose morphemes are joined by U+001F.

{begins}. It ends with `<|end_of_text|>` (id 2), which also pads, on the left.

## Files

| | |
| --- | --- |
| `model.onnx`, `model.onnx.data` | the model and its weights; both must lie in one folder |
| `config.json`, `generation_config.json` | sizes and special ids, for programs that ask for them |
| `tokenizer.json`, `tokenizer_config.json` | the pieces, for transformers and tokenizers |
{files}
| `manifest.json` | what this folder was made from, and the SHA-256 of each file |

{limits}"""
