"""Turns raw text into cleaned text or Megatron datasets."""
