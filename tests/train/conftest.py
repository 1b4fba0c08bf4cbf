"""Before megatron-core, for which it matters."""

import ncvc.model.lazy_dynamo  # noqa: F401
