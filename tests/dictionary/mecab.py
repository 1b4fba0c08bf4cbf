"""MeCab itself, by fugashi: what the analyser is compared with."""

from pathlib import Path

import fugashi


def tagger(folder: Path, user: Path | None = None) -> fugashi.GenericTagger:
    """MeCab with the compiled dictionary in `folder` and a compiled user dictionary."""
    # Without -r, MeCab looks for an mecabrc that the wheel does not have.
    return fugashi.GenericTagger(f"-r /dev/null -d {folder}" + (f" -u {user}" if user else ""))


def split(mecab: fugashi.GenericTagger, line: str) -> list[str]:
    """The surfaces, node by node: some of UniDic's hold a space, which -Owakati would blur."""
    return [node.surface for node in mecab(line)]


def compile_user(folder: Path, rows: str, output: Path) -> Path:
    """A user dictionary of `rows`, by MeCab's own compiler."""
    source = output.with_suffix(".csv")
    source.write_text(rows, encoding="utf-8")
    # The first word is the name of the program.
    fugashi.build_dictionary(f"mecab-dict-index -d {folder} -u {output} -f utf8 -t utf8 {source}")
    return output


def compile_system(source: Path, encoding: str, output: Path) -> Path:
    """A system dictionary of the MeCab sources in `source`, by MeCab's own compiler."""
    output.mkdir()
    (output / "dicrc").write_text("cost-factor = 800\nbos-feature = BOS/EOS,*\n", encoding="ascii")
    (source / "dicrc").write_text("cost-factor = 800\nbos-feature = BOS/EOS,*\n", encoding="ascii")
    fugashi.build_dictionary(f"mecab-dict-index -d {source} -o {output} -f {encoding} -t utf8")
    return output
