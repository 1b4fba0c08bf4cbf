"""The model on megatron-core: shape, parallel layout, kernels."""

import logging
import warnings

# megatron-core tells every user at import, and at every model, which optional packages it lacks and what will
# be deprecated; none of it is for the people who run this. Its errors are exceptions and stay.
warnings.filterwarnings("ignore", module=r".*\bmegatron\b")
warnings.filterwarnings("ignore", r"`torch\.distributed\..*` is deprecated", FutureWarning)
logging.getLogger("megatron").setLevel(logging.ERROR)
