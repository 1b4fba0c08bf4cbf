"""The model on megatron-core: shape, parallel layout, kernels."""

import logging
import warnings

# At import and for every model, megatron-core warns of optional packages that it lacks and of coming deprecations,
# which a user cannot act on. Its errors are exceptions and stay.
warnings.filterwarnings("ignore", module=r".*\bmegatron\b")
warnings.filterwarnings("ignore", r"`torch\.distributed\..*` is deprecated", FutureWarning)
logging.getLogger("megatron").setLevel(logging.ERROR)
