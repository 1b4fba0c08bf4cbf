"""Names of a stock model's weights in its files, which transformers 5 may load under others."""

from torch import Tensor
from transformers import PreTrainedModel

from ncvc.convert.shards import Shards
from ncvc.errors import ConvertError
from ncvc.tune.base import Base


def require_same_names(base: Base, model: PreTrainedModel) -> None:
    """Refuses a base whose class has other names for its weights than its files: before hours of work.

    Raises `ConvertError`.
    """
    if base.is_ours:
        return
    stored = Shards(base.folder.path).shapes().keys()
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    if unknown := sorted(stored_weights(model).keys() - stored - tied):
        raise ConvertError(
            f"{base.folder.path}: transformers calls the weight {unknown[0]} by another name than the folder; save the"
            " base once by its save_pretrained, and tune that"
        )


def stored_weights(model: PreTrainedModel) -> dict[str, Tensor]:
    """A model's weights under the names that its files have, which transformers 5 may load under others."""
    from transformers.core_model_loading import revert_weight_conversion

    weights: dict[str, Tensor] = revert_weight_conversion(model, model.state_dict())
    return weights
