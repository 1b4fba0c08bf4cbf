"""Tuning of a Hugging Face folder's model by TRL and PEFT, and the folder that comes out."""
