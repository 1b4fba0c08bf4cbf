"""Machines that are network namespaces, joined by a cable, and `ncvc train` on them.

The launchers are forked from a process that has imported everything; that is not the tests', which has threads.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from ncvc.train.metrics.log import event_records, steps
from tests.conftest import ROOT

ADDRESSES = ("10.77.0.1", "10.77.0.2")


def ip(*words):
    """Runs iproute2's ip; what it says if it fails, else nothing."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def _serve(requests):
    sys.path.insert(0, str(ROOT / "tools" / "faults"))
    os.environ["TORCH_CPP_LOG_LEVEL"] = "ERROR"  # torch warns that the machines' addresses have no names
    import faulty

    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    launchers = {}
    while (request := requests.recv()) is not None:
        if isinstance(request, int):
            requests.send(launchers[request].poll())
            continue
        namespace, config, seconds, mistake, output, flags = request
        there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        os.setns(there, os.CLONE_NEWNET)
        launcher = faulty.start(config, faulty.Faults(seconds, mistake=mistake), output, flags)
        os.setns(home, os.CLONE_NEWNET)
        os.close(there)
        launchers[launcher.pid] = launcher
        requests.send(launcher.pid)


class Forks:
    """The process that launchers are forked from."""

    def __init__(self):
        self.requests, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()

    def ask(self, request):
        """A request to start a launcher gives its pid; that pid gives its exit status, or None while it runs."""
        self.requests.send(request)
        assert self.requests.poll(300)  # it may still import
        return self.requests.recv()

    def close(self):
        self.requests.send(None)
        self.process.join(10)


class Machine:
    """One of the two, and the launcher that was started there last."""

    def __init__(self, forks, namespace, number, folder):
        self.forks, self.namespace, self.number, self.folder = forks, namespace, number, folder
        self.pid = None

    def start(self, config, *flags, seconds=0.0, mistake=0):
        """`ncvc train CONFIG FLAGS` with one rank here.

        `seconds`: that each step takes longer; `mistake`: step in which the rank makes one, put into words.
        """
        where = ("--nnodes", "2", "--node-rank", str(self.number), "--rdzv-endpoint", f"{ADDRESSES[0]}:29400")
        flags = (*where, "--local-addr", ADDRESSES[self.number], *flags)
        output = self.folder / f"output-{self.number}.txt"
        self.pid = self.forks.ask((self.namespace, config, seconds, mistake, output, flags))

    def status(self):
        """The launcher's exit status; None while it runs."""
        return self.forks.ask(self.pid)

    def rank(self):
        """The process of the rank; None if there is none now."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(found[0]) if found else None

    def said(self, *words):
        """The lines that begin with one of these words, in order."""
        lines = (self.folder / f"output-{self.number}.txt").read_text().splitlines()
        return [line for line in lines if line.startswith(words)]

    def plug(self, state):
        """Its network cable is `up` or `down`."""
        assert ip("-n", self.namespace, "link", "set", "v0", state) == ""

    def end(self, number):
        """Signals the launcher, if it runs."""
        if self.pid is not None and self.status() is None:
            os.kill(self.pid, number)


def until(condition, seconds=200):
    """Waits for it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def goes_on(run, step, resumed=0):
    """Waits until a run was resumed so often, and has then done this step."""

    def does():
        events = [event["event"] for event in event_records(run)]
        return "started" in events and events.count("resumed") >= resumed and len(steps(run)) >= step

    until(does)


def ended(machines):
    """Waits for the launchers; their exit statuses."""
    until(lambda: all(machine.status() is not None for machine in machines))
    return [machine.status() for machine in machines]
