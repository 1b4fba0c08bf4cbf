"""`ncvc serve`."""

from pathlib import Path

import click

from ncvc.api_key import KEY, is_key, read_key
from ncvc.cli.options import FILE, PATH, Command, Console, device_option, dtype_option, plain_chat_option, quiet_option

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command(cls=Command, no_args_is_help=True)
@click.argument("model", type=PATH)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is all of them.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen on; 0 is any."
)
@click.option("--name", help="Name of the model in requests; by default that of its folder.")
@click.option("--api-key-file", type=FILE, help=f"A file with the key that requests must bring; or {KEY} holds it.")
@click.option("--without-key", is_flag=True, help="Lets other machines in without a key.")
@click.option(
    "--slots", type=click.IntRange(min=1), default=8, show_default=True, help="Texts made at once, in one batch."
)
@click.option(
    "--queue",
    type=click.IntRange(min=0),
    default=64,
    show_default=True,
    help="Requests that may wait for a slot; more are answered with status 429.",
)
@device_option
@dtype_option
@plain_chat_option
@click.option("--allow-host", multiple=True, metavar="NAME", help="A name of this server that browsers may use.")
@click.option(
    "--allow-origin", multiple=True, metavar="ORIGIN", help="A site whose pages may use this server: https://NAME."
)
@click.option(
    "--max-body", type=click.IntRange(min=1), default=4_000_000, show_default=True, help="Bytes of a request at most."
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    help="Seconds that requests under way may take after SIGTERM.",
)
@click.option("--log-text", is_flag=True, help="Writes prompts and answers into the log too.")
@quiet_option
def serve(
    model: Path,
    host: str,
    port: int,
    name: str | None,
    api_key_file: Path | None,
    without_key: bool,
    slots: int,
    queue: int,
    device: str,
    dtype: str,
    plain_chat: bool,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    max_body: int,
    grace: int,
    log_text: bool,
    quiet: bool,
) -> None:
    """Serves MODEL, a folder of `ncvc convert` or a GGUF file, as OpenAI's API does, with a chat page at /.

    Raw text is cleaned, analysed and encoded exactly as for training.

    \b
    Examples:
      ncvc serve my-model
      ncvc serve my-gguf --port 8080 --slots 4
      NCVC_API_KEY=… ncvc serve my-model --host 0.0.0.0 --allow-host slm.hospital
      curl http://127.0.0.1:8000/v1/completions -H 'Content-Type: application/json' -d '{"prompt": "肺炎の治療は"}'
    """
    # Wrong input is answered before the imports that take seconds.
    from ncvc.engines.source import open_source
    from ncvc.errors import NcvcError
    from ncvc.hf.chat import PlainFormat

    reporter = Console(quiet=quiet).reporter
    key = _key(api_key_file)
    if host not in LOOPBACK and key is None and not without_key:
        raise NcvcError(
            f"--host {host}: other machines could use the model; set {KEY} or --api-key-file, or --without-key"
        )
    from ncvc.serve.bind import bind
    from ncvc.serve.guard import Guard, names_of, require_origins

    if name is not None and not (name and name.isprintable()):
        raise NcvcError("--name: give a name of printable characters, in UTF-8")
    origins = require_origins(allow_origin)
    bound = bind(host, port)
    try:
        source = open_source(model)
        chat = source.chat_format() or (PlainFormat() if plain_chat else None)
        reporter.say(f"loading {source.path}")
        engine = source.load(device=device, dtype=dtype, slots=slots)

        from ncvc.serve.app import build, logger
        from ncvc.serve.metrics import Metrics
        from ncvc.serve.run import run
        from ncvc.serve.service import Service
        from ncvc.serve.worker import Worker

        worker = Worker(engine, queue)
        service = Service(name or source.name, engine, worker, chat, Metrics(), frozenset({str(model)}), log_text)
        guard = Guard(key, names_of([host, *allow_host]), origins, max_body)
        app = build(service, guard, logger(reporter, engine.tokenizer, text=log_text))
        run(app, worker, bound, reporter, grace=grace)
    finally:
        bound.close()


def _key(path: Path | None) -> str | None:
    """The key of a file or of the environment; None where there is none."""
    from ncvc.errors import NcvcError

    key = read_key(path)
    if not key and path is None:
        return None
    if not (is_key(key) and len(key) >= 8):
        raise NcvcError(f"{path or KEY}: no key; write one line of at least 8 letters, digits or signs, without spaces")
    return key
