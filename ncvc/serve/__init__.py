"""An OpenAI-compatible server for one model, and its chat page; the exact cleaning and analysis for raw text."""
