"""Token embeddings in two dimensions."""
