"""A dictionary that is loaded with too little memory is not called damaged."""

import subprocess
import sys
from pathlib import Path

LOAD = """
import resource, sys
import ncvc
with open("/proc/self/statm") as file:
    now = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + int(sys.argv[2]) * 2**20,) * 2)
ncvc.Analyzer.load(sys.argv[1])
"""


def test_want_of_memory_is_no_damage(dictionary: Path) -> None:
    said = []
    for megabytes in range(2, 62, 6):
        command = [sys.executable, "-c", LOAD, dictionary, str(megabytes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said.append(done.stderr)
        if done.returncode == 0:
            break
    assert not any("damaged" in each for each in said)
    assert any("memory" in each for each in said)


def test_loads_and_drops_leave_no_memory_behind(dictionary: Path) -> None:
    loads = """
import gc, resource, sys, threading
import ncvc

def load(times):
    for _ in range(times):
        assert ncvc.Analyzer.load(sys.argv[1]).split("高血圧症の治療") == ["高血圧", "症", "の", "治療"]

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

load(4)
before = resident()
load(8)
assert resident() - before < 2**23, resident() - before
both = [threading.Thread(target=load, args=[4]) for _ in range(2)]
for each in both: each.start()
for each in both: each.join()
assert resident() - before < 2**25, resident() - before
"""
    subprocess.run([sys.executable, "-c", loads, dictionary], check=True)
