"""`ncvc train tune`: short trainings with other micro-batches, recomputation and layouts, the fastest as a config."""
