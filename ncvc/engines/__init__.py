"""Engines that continue token ids: transformers on a model folder, llama.cpp on a GGUF file; one interface."""
