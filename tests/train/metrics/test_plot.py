"""`ncvc train plot`: what is read, what is drawn, and the page in a browser."""

import html.parser
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from ncvc import NcvcError
from ncvc.cli.train import train
from ncvc.smoothing import ExponentialMean, centred_means
from ncvc.train.metrics.history import read_histories
from ncvc.train.resolved_config import config_hash
from ncvc.train.same_run import as_begun
from tests.small_training import train_alone

WHEN = "2026-11-01T00:00:00+00:00"


def event(name, step, **facts):
    return {"event": name, "time": WHEN, "step": step, **facts}


def line(number, loss, **facts):
    numbers = {"lr": 0.1, "grad_norm": 1.5, "seconds": 2.0, "tokens_per_second": 500.0}
    return {"step": number, "tokens": 1000 * number, "loss": loss, **numbers, **facts}


@pytest.fixture
def run(tmp_path):
    """A run with a validation, a skipped step, two that were left out, and a crash after step 8."""
    folder = tmp_path / "<first>"
    folder.mkdir()
    lines = [event("started", 0)]
    lines += [line(number, 10.0 - number, smoothed_loss=10.5 - number) for number in range(1, 9)]
    lines += [
        event("validation", 4, loss=6.25, sources={"a&b": {"loss": 6.0}, "c": 6.5}),
        event("validation", 8, loss=1.0, sources={}),  # undone
        event("skipped", 5),
        event("skipped", 8),  # undone
        event("resumed", 6),
        event("left_out", 0, steps=[7, 8]),
        *(line(number, 3.0, smoothed_loss=3.5) for number in (9, 10)),
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    return folder


def test_what_a_crash_undid_is_not_drawn(run):
    (curve,) = read_histories([run])
    assert [step.step for step in curve.steps] == [1, 2, 3, 4, 5, 6, 9, 10]
    # Whatever an older log has as smoothed: the mean is of the losses.
    assert curve.smoothed == centred_means([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 3.0])
    assert curve.validation == [(4, 6.25)]
    assert curve.sources == {"a&b": 6.0, "c": 6.5}
    assert curve.skipped == [5, 7, 8]
    assert curve.resumed == [6]
    assert (curve.tokens_per_second, curve.seconds, curve.config) == (500.0, 16.0, "")
    assert [curve.tokens_at(step) for step in (0, 1, 6, 7, 9, 11)] == [0, 1000, 6000, 7000, 9000, 10_000]


def test_a_log_without_smoothed_losses_gives_the_same(run):
    before = read_histories([run])
    text = re.sub(r', "smoothed_loss": [0-9.]+', "", (run / "log.jsonl").read_text())
    (run / "log.jsonl").write_text(text)
    (after,) = read_histories([run])
    assert after.steps[0].smoothed_loss is None
    assert after.smoothed == before[0].smoothed


def test_a_run_ends_at_the_smoothed_loss_of_its_log(make_config):
    config = make_config(schedule={"train_iters": 3, "lr_warmup_iters": 1})
    train_alone(config)
    (history,) = read_histories([config.folder])
    assert history.smoothed[-1] == pytest.approx(history.steps[-1].smoothed_loss, rel=1e-15)


def test_runs_of_one_name_are_told_apart_and_folders_that_are_none_named(run, tmp_path):
    other = tmp_path / "other" / run.name
    shutil.copytree(run, other)
    assert [curve.name for curve in read_histories([run, other])] == [str(run), str(other)]
    with pytest.raises(NcvcError, match=r"not a run folder, it has no log\.jsonl"):
        read_histories([tmp_path])
    (run / "log.jsonl").write_text(json.dumps(event("started", 0)) + "\n")
    with pytest.raises(NcvcError, match="no step is done yet"):
        read_histories([run])


def test_the_config_is_known_by_its_hash(make_config):
    config = make_config(schedule={"train_iters": 3, "lr_warmup_iters": 1})
    train_alone(config)
    assert read_histories([config.folder])[0].config == config_hash(as_begun(config, None))


def test_a_picture(run, tmp_path):
    picture = tmp_path / "loss.png"
    done = CliRunner().invoke(train, ["plot", str(run), "-o", str(picture)], catch_exceptions=False)
    assert done.exit_code == 0
    red = (imread(picture)[..., :3] == (1.0, 0.0, 0.0)).all(-1)
    rows, columns = red.nonzero()
    assert np.ptp(rows) < 40  # ticks at the bottom
    # Steps 5, 7 and 8 in each of both halves.
    assert len(np.flatnonzero(np.diff(np.unique(columns)) > 20)) == 5
    done = CliRunner().invoke(train, ["plot", str(run), "-o", str(tmp_path / "loss.pdf")])
    assert done.exit_code == 2
    assert "name it .png or .html" in done.output


def test_a_picture_of_one_step_has_a_dot(tmp_path):
    """In each half; and a name may hold what is no formula."""
    folder = tmp_path / "$\\frac_1$\u202e"
    folder.mkdir()
    (folder / "log.jsonl").write_text(
        "".join(json.dumps(each) + "\n" for each in (line(1, 9.5), event("validation", 1, loss=9.0, sources={})))
    )
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "log.jsonl").write_text(json.dumps(line(1, 9.5)) + "\n")
    for run in (folder, plain):
        done = CliRunner().invoke(train, ["plot", str(run), "-o", str(tmp_path / "one.png")], catch_exceptions=False)
        assert done.exit_code == 0
    blue = np.abs(imread(tmp_path / "one.png")[..., :3] - (0x1F / 255, 0x77 / 255, 0xB4 / 255)).max(-1) < 0.01
    rows, columns = blue.nonzero()
    assert np.ptp(rows) < 20
    assert len(np.flatnonzero(np.diff(np.unique(columns)) > 20)) == 1


class Elements(html.parser.HTMLParser):
    """The elements of a page, and the text of its titles and of its table cells."""

    def __init__(self, text):
        super().__init__()
        self.found, self.titles, self.cells, self._in = [], [], [], {"title": False, "td": False}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._mark(tag, True)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self._in["title"]:
            self.titles.append(data)
        if self._in["td"]:
            self.cells[-1] += data

    def handle_endtag(self, tag):
        self._mark(tag, False)

    def _mark(self, tag, inside):
        if tag in self._in:
            self._in[tag] = inside


def test_the_page_in_a_browser(run, tmp_path):
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no browser is on PATH")
    second = tmp_path / "second"
    shutil.copytree(run, second)
    output = tmp_path / "loss.html"
    done = CliRunner().invoke(train, ["plot", str(run), str(second), "-o", str(output)], catch_exceptions=False)
    assert done.exit_code == 0
    # A proxy that is not there: whatever is asked of the network fails, and the console says so.
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr"]
    shown = subprocess.run(
        [*command, "--v=0", "--dump-dom", output.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    assert "CONSOLE" not in shown.stderr
    page = Elements(shown.stdout)
    tags = [tag for tag, _ in page.found]
    assert "script" not in tags
    assert not [value for _, each in page.found for name, value in each.items() if name in ("src", "href")]
    assert "first" not in tags  # the name of a run is text
    # Loss over steps, loss over tokens, learning rate, gradient norm: a line for each of two runs.
    classes = [each.get("class", "") for _, each in page.found]
    assert tags.count("svg") == 4
    assert [sum(kind in each for each in classes) for kind in ("line s", "faint s", "dot c")] == [8, 4, 4]
    # Once among steps, once among thousands of tokens.
    for title in ("<first>: skipped at 5", "<first>: went on at 6", "<first>: 6.2500 at 4"):
        assert page.titles.count(title) == 2
    rows = [page.cells[i : i + 10] for i in (0, 10)]
    smoothed = f"{ExponentialMean([9, 8, 7, 6, 5, 4, 3, 3]).mean:.4f}"
    assert rows[0] == ["<first>", "10", "10,000", smoothed, "6.2500", "500", "16 s", "3", "1", "–"]
    assert rows[1][0] == "second"
    assert page.cells[20:26] == ["a&b", "6.0000", "6.0000", "c", "6.5000", "6.5000"]
