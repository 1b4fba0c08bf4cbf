"""Raw text → cleaned text or Megatron datasets."""
