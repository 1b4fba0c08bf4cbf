"""Pre-training on megatron-core: one YAML config → checkpoints that go on where they stopped.

`config` says what a run is, `launch` starts it, `worker` is one rank of it, `loop` is the training itself.
"""

import logging
import warnings

# megatron-core tells every user at import, and at every model, which optional packages it lacks and what will
# be deprecated; none of it is for the people who run this. Its errors are exceptions and stay.
warnings.filterwarnings("ignore", module=r".*\bmegatron\b")
logging.getLogger("megatron").setLevel(logging.ERROR)
