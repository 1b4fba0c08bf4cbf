"""MeCab itself, by fugashi: what the analyser is compared with."""

import ctypes
from pathlib import Path

import fugashi


class Node(ctypes.Structure):
    """The beginning of `mecab_node_t` (mecab.h); a pointer's `contents` is the node itself."""


Node._fields_ = [
    ("prev", ctypes.POINTER(Node)),
    ("next", ctypes.POINTER(Node)),
    ("enext", ctypes.c_void_p),
    ("bnext", ctypes.c_void_p),
    ("rpath", ctypes.c_void_p),
    ("lpath", ctypes.c_void_p),
    ("surface", ctypes.c_void_p),
    ("feature", ctypes.c_void_p),
    ("id", ctypes.c_uint),
    ("length", ctypes.c_ushort),
    ("rlength", ctypes.c_ushort),
    ("right_id", ctypes.c_ushort),
    ("left_id", ctypes.c_ushort),
    ("part_of_speech", ctypes.c_ushort),
    ("character", ctypes.c_ubyte),
    ("status", ctypes.c_ubyte),
]
WORDS = (0, 1)
"""`status` of known and unknown words; the others are both ends of the line."""


class ByteTagger:
    """MeCab with a dictionary in any charset, by a shared library: fugashi's own is built for UTF-8 alone."""

    def __init__(self, folder: Path, library: Path | str) -> None:
        """Raises `OSError` if the library or the dictionary cannot be opened."""
        self._mecab = ctypes.CDLL(str(library))
        self._mecab.mecab_new2.restype = ctypes.c_void_p
        self._mecab.mecab_sparse_tonode2.restype = ctypes.POINTER(Node)
        self._mecab.mecab_sparse_tonode2.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self._tagger = self._mecab.mecab_new2(f"-r /dev/null -d {folder}".encode())
        if not self._tagger:
            raise OSError(f"{folder}: MeCab cannot open it")

    def split(self, line: bytes) -> list[bytes]:
        """The surfaces of a line in the dictionary's charset."""
        surfaces = []
        node = self._mecab.mecab_sparse_tonode2(self._tagger, line, len(line))
        while node:
            word = node.contents
            if word.status in WORDS:
                surfaces.append(ctypes.string_at(word.surface, word.length))
            node = word.next
        return surfaces


def charset(folder: Path) -> str:
    """The charset of a compiled dictionary, as its header has it."""
    with (folder / "sys.dic").open("rb") as file:
        return file.read(72)[40:].rstrip(b"\0").decode("ascii").lower()


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


def compile_system(source: Path, encoding: str, output: Path, to: str = "utf8") -> Path:
    """A system dictionary in the charset `to` of the MeCab sources in `source`, by MeCab's own compiler."""
    output.mkdir()
    (output / "dicrc").write_text("cost-factor = 800\nbos-feature = BOS/EOS,*\n", encoding="ascii")
    (source / "dicrc").write_text("cost-factor = 800\nbos-feature = BOS/EOS,*\n", encoding="ascii")
    fugashi.build_dictionary(f"mecab-dict-index -d {source} -o {output} -f {encoding} -t {to}")
    return output
