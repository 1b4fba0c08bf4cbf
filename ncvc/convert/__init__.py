"""Between Megatron checkpoints and Hugging Face folders."""
