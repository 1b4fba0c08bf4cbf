"""Measures models on Japanese medical benchmarks: prompts, answers, scores as published and beside them, report."""
