"""Computes the attention of a model over texts, and writes the folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ncvc.arrays import write_array
from ncvc.inspect.attention.draw import draw_maps, draw_shares
from ncvc.inspect.attention.maps import Heads, choose, require_in
from ncvc.inspect.attention.packed import Packed, pack
from ncvc.inspect.attention.page import attention_page
from ncvc.inspect.attention.shares import Share, shares
from ncvc.inspect.folder import Inspection
from ncvc.inspect.model import FoundModel
from ncvc.progress import Reporter

WEIGHTS = "weights.npy"


@dataclass(frozen=True)
class Result:
    """Shares and maps of a packed sequence."""

    packed: Packed
    shares: list[Share]
    layers: list[int]

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return {
            "tokens": [
                {"id": token, "piece": piece, "document": int(document), "end_of_text": bool(end)}
                for token, piece, document, end in zip(
                    self.packed.ids, self.packed.pieces, self.packed.documents, self.packed.is_end, strict=True
                )
            ],
            "document_mask": self.packed.document_mask,
            "layers_shown": self.layers,
            "shares": {
                share.kind: {
                    "uniform": share.uniform,
                    "positions": share.positions,
                    "by_layer": share.values.mean(1).tolist(),
                    "by_layer_and_head": share.values.tolist(),
                }
                for share in self.shares
            },
        }


def run(
    model: FoundModel,
    output: Inspection,
    texts: Sequence[str],
    layers: Sequence[int],
    heads: Heads,
    reporter: Reporter,
) -> Result:
    """Draws the maps of some layers (counted from 1; none: those of the papers) and the shares of all.

    Raises an `NcvcError` for layers or heads that the model has not, or texts that are too long.
    """
    packed = pack(model.tokenizer, texts, document_mask=model.document_mask)
    _require_there(layers, heads, *model.layers_and_heads)
    with model.loaded(reporter) as lm:
        from ncvc.inspect.attention.weights import attention_weights, default_layers

        config = lm.model.config
        _require_there(layers, heads, config.num_hidden_layers, config.num_attention_heads)
        shown = list(layers) or default_layers(config.num_hidden_layers)
        weights = attention_weights(lm, packed.ids, packed.visible if packed.document_mask else None)
    found = shares(packed, weights)
    maps = choose(weights, shown, heads)
    result = Result(packed, found, shown)
    page = attention_page(model.name, packed, maps, found)
    with output.write(page, result.dump(), layers=shown, heads=heads, texts=len(texts)) as folder:
        draw_maps(packed, maps, folder / "maps.png")
        draw_shares(found, folder / "shares.png")
        # Layers and their maps, each [tokens, tokens].
        write_array(folder / WEIGHTS, np.array([[each.weights for each in own] for own in maps]))
    return result


def _require_there(layers: Sequence[int], heads: Heads, depth: int | None, width: int | None) -> None:
    if depth is not None:
        require_in(layers, depth, "layer")
    if width is not None and not isinstance(heads, str):
        require_in(heads, width, "head")
