"""Measures models by the bits that a character of text costs them, which compares models with different tokenizers.

    python bits_per_character.py TOKENS SOURCE FOLDER... [--documents 200]

TOKENS/SOURCE is a dataset of `ncvc preprocess`; its last documents, which no training of this recipe read, are decoded
and encoded again by each FOLDER's own tokenizer, cut into samples of 512 tokens.
"""

import argparse
import math
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

import ncvc

LENGTH = 512


@torch.inference_mode()
def bits(folder: Path, texts: list[str]) -> float:
    """Returns the mean bits a character of `texts`, cleaned texts, each document beginning anew."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = ncvc.Tokenizer.load(folder / "ncvc/tokenizer")
    nats = 0.0
    for text in texts:
        ids = [tokenizer.bos_id, *tokenizer.encode(text), tokenizer.eos_id]
        for start in range(0, len(ids) - 1, LENGTH):
            part = torch.tensor([ids[start : start + LENGTH + 1]])
            logits = model(part[:, :-1]).logits[0]
            nats += torch.nn.functional.cross_entropy(logits, part[0, 1:], reduction="sum").item()
    return nats / math.log(2) / sum(map(len, texts))


def main() -> None:
    """Prints a line a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokens", type=Path)
    parser.add_argument("source")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=200)
    options = parser.parse_args()
    dataset = ncvc.IndexedDataset.open(options.tokens / options.source)
    tokenizer = ncvc.Tokenizer.load(options.folders[0] / "ncvc/tokenizer")
    last = range(max(0, len(dataset) - options.documents), len(dataset))
    texts = [tokenizer.decode(list(map(int, dataset[i]))) for i in last]
    print(f"{len(texts)} documents, {sum(map(len, texts)):,} characters")
    for folder in options.folders:
        print(f"{folder} {bits(folder, texts):.3f} bits a character", flush=True)


if __name__ == "__main__":
    main()
