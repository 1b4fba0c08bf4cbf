"""Products that a processor lacks, by its own list of features."""

from pathlib import Path

import pytest

from ncvc import machine

PROCESSORS = {
    "Zen 3, x86 without": ("flags\t\t: fpu sse2 avx2 fma\nmodel name : EPYC\n", True),
    "Zen 4, AVX-512": ("flags\t\t: fpu avx2 avx512f avx512_bf16 avx512_vnni\n", False),
    "Sapphire Rapids, tiles": ("flags\t\t: fpu avx512f amx_bf16 amx_tile\n", False),
    "Neoverse V1, Arm": ("Features\t: fp asimd sve bf16 i8mm\n", False),
    "Cortex-A72, Arm without": ("Features\t: fp asimd crc32\n", True),
    "another kernel, no list": ("processor\t: 0\n", False),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_emulated_products_are_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, slow = PROCESSORS[name]
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    assert bool(machine.slow_bfloat16()) == slow


def test_nothing_is_said_where_the_system_has_no_such_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "absent")
    assert machine.slow_bfloat16() == ""
