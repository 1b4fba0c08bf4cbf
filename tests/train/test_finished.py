"""A finished run that is started again: the same config does nothing, another one is refused."""

import re
import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner

from ncvc.cli.train import train
from ncvc.errors import NcvcError
from tests.read_only import read_only
from tests.small_training import train_alone

CHANGES = {
    ("--set", "optimizer.lr=0.02"): "optimizer.lr was 0.01 and is 0.02; set it back",
    ("--set", "seed=6"): "seed was 5 and is 6; set it back",
    ("--set", "data.prefixes=[nowhere]"): "nowhere.idx: no such file",
    ("--set", "data.tokenizer=nowhere"): "nowhere: not a tokenizer",
    ("--change", "optimizer.lr=0.02"): "finished after step 6, so --change optimizer.lr changes no step",
}


@pytest.fixture
def file(make_config, tmp_path):
    """The config of a run that has finished."""
    config = make_config()
    train_alone(config)
    path = tmp_path / "finished.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return path


def test_another_config_is_refused_as_for_a_run_that_goes_on(file):
    for change, words in CHANGES.items():
        for options in ((), ("--dry-run",)):
            with pytest.raises(NcvcError, match=re.escape(words)):
                CliRunner().invoke(train, [str(file), *change, *options], catch_exceptions=False)


def test_a_finished_run_is_noticed_where_nothing_can_be_written(file, tmp_path):
    with read_only(tmp_path):
        done = CliRunner().invoke(train, [str(file)], catch_exceptions=False)
    assert "finished after step 6 already; nothing was done" in done.output


def test_settings_that_may_change_and_the_same_data_under_another_name_are_no_difference(file, material, tmp_path):
    for suffix in (".idx", ".bin"):
        (tmp_path / f"same{suffix}").symlink_to(material / f"corpus{suffix}")
    options = ["--set", f"data.prefixes=[{tmp_path / 'same'}]", "--set", "logging.log_interval=3"]
    done = CliRunner().invoke(train, [str(file), *options], catch_exceptions=False)
    assert "finished after step 6 already; nothing was done" in done.output


def test_the_comparison_imports_neither_torch_nor_numpy(file):
    code = (
        "import sys; from ncvc.cli.train import train\n"
        "train([sys.argv[1]], standalone_mode=False); print({'torch', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2].endswith("finished after step 6 already; nothing was done")
    assert done.stdout.splitlines()[-1] == "set()"
