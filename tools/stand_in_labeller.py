"""Serves the demo's stand-ins for language models, whose rules `ncvc/demo/stand_in.py` states, behind OpenAI's API.

python tools/stand_in_labeller.py [--port 8766]
ncvc quality label text/*.jsonl.zst -o labels --labeller 'http://127.0.0.1:8766/v1#rule'
"""

import argparse

from ncvc.demo.stand_in import Handler, StandIns


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8766)
    server = StandIns(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
