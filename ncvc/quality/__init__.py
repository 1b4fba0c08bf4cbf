"""The classifier of textbook quality (technical report 2.1.1): labels, embeddings, two models, scores for the pass."""
