"""Words on a tuning for `README.md` of its folder."""

from typing import Any

from ncvc import __version__

METHODS = {
    "full": "Tuned on conversations, all weights",
    "lora": "Tuned on conversations with low-rank adapters, which are merged into the weights",
    "qlora": "Tuned on conversations with low-rank adapters on weights in 4 bits, merged into the unrounded weights",
    "continued": "Trained further on documents",
    "dpo": "Tuned on preferences (DPO)",
    "grpo": "Tuned on questions with known answers (GRPO)",
}


def tuning_sentences(facts: dict[str, Any]) -> str:
    """Says how a model was tuned; `facts` are the manifest's `tuned`."""
    noise = f", NEFTune α = {facts['neftune_alpha']:g}" if facts["neftune_alpha"] else ""
    return (
        f"{METHODS[facts['method']]}: {facts['steps']:,} steps of {facts['global_batch_size']:,} samples from"
        f" {facts['samples']:,}, {facts['tokens']:,} tokens, learning rate {facts['lr']:g}{noise}."
    )


def tuned_card(config: dict[str, Any], parameters: int, dtype: str, facts: dict[str, Any]) -> str:
    """The card of a tuned model of others, as Markdown with the header that model hubs read."""
    name = (config.get("architectures") or [config["model_type"]])[0]
    return CARD.format(
        base=facts["base"],
        parameters=f"{parameters:,}",
        name=name,
        dtype=dtype,
        sentences=facts["description"],
        version=__version__,
    )


CARD = """\
---
library_name: transformers
pipeline_tag: text-generation
---
# {base}, tuned: {parameters} parameters

{sentences}

Written by ncvc {version}. Architecture (`{name}`), tokenizer and chat template are those of {base}, whose licence holds
for this folder too; the weights are {dtype}. `manifest.json` says what it was made from, and the SHA-256 of each file;
`ncvc/logits.safetensors` holds token ids and the model's logits for them, to compare an engine with.

## Limits

What it writes can be wrong. It is no medical device and gives no medical advice.
"""
