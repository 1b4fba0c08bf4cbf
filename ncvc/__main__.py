"""`python -m ncvc` is `ncvc`."""

from ncvc.cli import main

main()
