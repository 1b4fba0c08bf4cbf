"""The page on an output: what was kept and why not, lengths, diversity, samples side by side."""
