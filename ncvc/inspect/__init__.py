"""Pictures, tables and pages of what a model holds; `ncvc inspect` writes them.

Each subcommand writes a folder of PNGs for a paper, one page, the numbers, and a manifest.
"""
