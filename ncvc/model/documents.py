"""Documents of a micro-batch, by positions that start again: attention then stays within each of them.

RoPE turns query and key by their places in the sample, and their product depends on the difference alone, which is the
same as that of their positions in the document.
"""

import torch
from megatron.core.packed_seq_params import PackedSeqParams


def documents(position_ids: torch.Tensor) -> PackedSeqParams | None:
    """Finds the documents of a micro-batch by its positions [micro-batch, sequence], on the CPU.

    Returns the bounds of all of them in the tokens, sample after sample, as `cu_seqlens_q`; None where every sample is
    one document.
    """
    if not (position_ids[:, 1:] == 0).any():
        return None
    starts = (position_ids.flatten() == 0).nonzero().flatten()
    bounds = torch.cat([starts, starts.new_tensor([position_ids.numel()])]).int()
    length = position_ids.size(1)
    # megatron-core takes the longest for the length of the sample, of which it makes RoPE's angles.
    return PackedSeqParams(
        qkv_format="sbhd", cu_seqlens_q=bounds, cu_seqlens_kv=bounds, max_seqlen_q=length, max_seqlen_kv=length
    )
