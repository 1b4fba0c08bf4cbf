"""`ncvc recipe run` and `status`: what is done, what is done again, what is refused, on a recipe without a model."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from ncvc.errors import ConfigError, RecipeError
from ncvc.recipe.config import load_recipe
from ncvc.recipe.run import DIGESTS, LOG, WORK, is_at_work, run_recipe, states_of
from tests.conftest import Recorder, run_ncvc
from tests.recipe.shrink import edit
from tests.recipe.toy import write_toy
from tests.recipe.walk import start, walk


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "toy")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy, run to its end."""
    folder = write_toy(tmp_path_factory.mktemp("finished") / "toy")
    run_recipe(folder, channel="none")
    return folder


@pytest.fixture
def done(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, which is as done as it is."""
    return shutil.copytree(finished, tmp_path / "done")


def run(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Runs the rest in this process; returns the commands' exit status and what was said."""
    said: list[str] = []
    replacing = (lambda _: ("--force",)) if "--force" in arguments else None
    outcome = run_recipe(folder, replacing=replacing, reporter=Recorder(said), channel="none")
    return (0 if outcome.ended is None else outcome.ended.status), said


def states(folder: Path) -> list[str]:
    return [state.state for state in states_of(folder, load_recipe(folder))]


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_from_raw_text_to_the_page(toy: Path) -> None:
    page = walk(toy)
    assert 'href="text/report.html"' in page
    assert '<span lang="ja">試し</span>' in page


def test_missing_inputs_are_named_in_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy", inputs=False)
    (folder / "raw").mkdir()  # an empty folder holds nothing
    before = names(folder)
    refused = run_ncvc("recipe", "run", folder, ok=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    named = "raw (some text); diseases.csv (names of diseases)"
    assert refused.stderr == f"ncvc: {folder}: nothing was started: put there first: {named}\n"
    assert names(folder) == before


def test_a_dry_run_lists_all_and_writes_nothing(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy", inputs=False)
    before = names(folder)
    listed = run_ncvc("recipe", "run", folder, "--dry-run", ok=False)
    named = "raw (some text); diseases.csv (names of diseases)"
    assert (listed.returncode, listed.stderr) == (
        1,
        f"ncvc: {folder}: nothing was started: put there first: {named}\n",
    )
    shown = listed.stdout
    for said in (
        "    ncvc preprocess text.yaml --to text",
        "topics: left",
        "missing: raw: some text",
        "missing: diseases.csv: names of diseases",
        "edit first: text.yaml: the sources",
    ):
        assert said in shown.splitlines()
    assert run_ncvc("recipe", "status", folder).stdout.splitlines()[-3:] == [
        "missing: raw: some text",
        "missing: diseases.csv: names of diseases",
        f"next: put there what is missing, then ncvc recipe run {folder}",
    ]
    assert names(folder) == before


def test_a_changed_config_lets_its_command_decide(done: Path) -> None:
    edit(done / "text.yaml", lambda text: text["sources"][0].update(filters={"too_short": {"least_characters": 400}}))
    assert states(done) == ["changed", "done", "done"]
    status, said = run(done)
    assert status == 1
    assert "again, since text.yaml changed; its command decides what becomes of the output" in said
    assert states(done)[0] == "changed"


def test_force_replaces_what_changed_and_what_depends_on_it(done: Path) -> None:
    edit(done / "text.yaml", lambda text: text["sources"][0].update(repeated_sentences="keep"))
    status, said = run(done, "--force")
    assert status == 0
    assert [line for line in said if line.startswith("$ ncvc")] == [
        "$ ncvc preprocess text.yaml --to text --force",
        "$ ncvc preprocess again.yaml --to text --force",
    ]
    assert states(done) == ["done", "done", "done"]
    assert "done before" in "".join(said)


def test_force_is_given_to_commands_that_have_it(done: Path) -> None:
    edit(done / "recipe.yaml", lambda recipe: recipe["stages"][1]["ncvc"].append("--quiet"))
    shown = run_ncvc("recipe", "run", done, "--force").stdout
    assert "$ ncvc data topics topics --diseases diseases.csv --quiet --force" in shown


def test_what_lies_elsewhere_now_makes_nothing_undone(done: Path) -> None:
    shutil.rmtree(done / "raw")
    assert states(done) == ["done", "done", "done"]
    assert run(done)[0] == 0


def test_an_input_that_was_touched_only_is_as_it_was(done: Path) -> None:
    (done / "diseases.csv").touch()
    assert states(done) == ["done", "done", "done"]
    with (done / "diseases.csv").open("a", encoding="utf-8") as file:
        file.write("肺炎,肺炎\n")
    assert states(done) == ["done", "changed", "done"]


def test_an_output_that_is_gone_is_made_again(done: Path) -> None:
    shutil.rmtree(done / "topics")
    status, said = run(done)
    assert status == 0
    assert "again, since topics is no longer there; its command decides what becomes of the output" in said
    assert sum(line.startswith("$ ncvc") for line in said) == 1


def test_a_stage_whose_end_was_not_written_down_is_not_done_twice(done: Path) -> None:
    """Whoever started the last command was killed between its end and the line in the log."""
    *_, last = sorted((done / WORK / LOG).iterdir())
    last.rename(last.with_name(f".{last.name}.0123abcd.partial"))
    assert states(done) == ["done", "done", "done"]
    status, said = run(done)
    assert status == 0
    assert not any(line.startswith("$ ncvc") for line in said)
    page = (done / "index.html").read_text(encoding="utf-8")
    assert "1 killed" in page


@pytest.mark.parametrize("status", [-signal.SIGKILL, 143])
def test_an_output_that_came_before_its_command_was_stopped_counts(done: Path, status: int) -> None:
    *_, last = sorted((done / WORK / LOG).iterdir())
    edit(last, lambda record: record.update(status=status))
    assert states(done) == ["done", "done", "done"]
    status, said = run(done)
    assert (status, [line for line in said if line.startswith("$ ncvc")]) == (0, [])
    edit(last, lambda record: record.update(status=1))
    assert states(done) == ["done", "done", "under way"]


def test_a_lost_memory_of_files_costs_reading_them(done: Path) -> None:
    (done / WORK / DIGESTS).write_text("{")
    assert states(done) == ["done", "done", "done"]


def test_a_damaged_record_is_named(done: Path) -> None:
    first, *_ = sorted((done / WORK / LOG).iterdir())
    first.write_bytes(first.read_bytes()[:50])
    with pytest.raises(RecipeError, match=rf"{first.name}: damaged; remove it"):
        run(done)
    first.unlink()
    assert states(done) == ["left", "done", "done"]


def test_a_stage_that_fails_ends_the_run_with_what_to_do(toy: Path) -> None:
    (toy / "diseases.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    failed = run_ncvc("recipe", "run", toy, ok=False)
    assert failed.returncode == 1
    last = failed.stderr.splitlines()[-1]
    assert last.startswith(
        "ncvc: `ncvc data topics topics --diseases diseases.csv` ended with status 1; its message is above"
    )
    assert last.endswith(f"`ncvc recipe run {toy}` goes on")
    assert "diseases.csv" in failed.stderr.splitlines()[-2]
    assert states(toy) == ["done", "under way", "left"]
    assert (toy / "index.html").is_file()
    (toy / "diseases.csv").write_text("出現形,標準病名\n肺炎,肺炎\n", encoding="utf-8")
    assert run(toy)[0] == 0


def test_a_page_of_somebodys_is_left_alone(toy: Path) -> None:
    (toy / "index.html").write_text("<p>mine")
    with pytest.raises(RecipeError, match=r"index.html: is not as ncvc wrote it"):
        run_recipe(toy, channel="none")
    assert (toy / "index.html").read_text() == "<p>mine"
    assert not (toy / "text").exists()


def with_dictionary(folder: Path) -> Path:
    """Puts a stage of some seconds first."""
    stage = {"name": "dictionary", "ncvc": ["dictionary", "build", "dictionary.dic"], "makes": "dictionary.dic"}
    edit(folder / "recipe.yaml", lambda recipe: recipe["stages"].insert(0, stage))
    return folder


def until_it_builds(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"reading the base"):
            return
    raise AssertionError("the dictionary was not built")


@pytest.mark.parametrize("asked", ["ctrl-c", "sigterm"])
def test_a_request_to_stop_reaches_the_command(toy: Path, asked: str) -> None:
    process = start(with_dictionary(toy))
    until_it_builds(process)
    if asked == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if asked == "ctrl-c" else 143)
    lines = said.decode().splitlines()
    stopped = f"ncvc: stopped at `ncvc dictionary build dictionary.dic`; what is finished is kept; `ncvc recipe run {toy}` goes on"
    assert stopped in lines
    assert "Traceback" not in said.decode()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert states(toy) == ["under way", "left", "left", "left"]
    assert run(toy)[0] == 0


def test_a_command_that_outlives_its_starter_is_waited_for(toy: Path) -> None:
    process = start(with_dictionary(toy))
    until_it_builds(process)
    process.kill()
    process.wait()
    with pytest.raises(RecipeError, match="a run of this recipe, or a command that it started, is at work"):
        run_recipe(toy, channel="none")
    assert run_ncvc("recipe", "status", toy).stdout.splitlines()[-1] == "at work now"
    while is_at_work(toy):
        time.sleep(0.1)
    assert states(toy)[0] == "done"
    assert run(toy)[0] == 0


def test_an_unfinished_command_ends_the_run_with_its_status(toy: Path) -> None:
    (toy / "synthesize.yaml").write_text(
        yaml.safe_dump(
            {
                "tasks": [{"name": "textbooks", "kind": "textbooks", "topics": ["topics/topics.jsonl"]}],
                "writers": [
                    {
                        "name": "none",
                        "address": "http://127.0.0.1:9/v1",
                        "model": "none",
                        "attempts": 1,
                        "failures_in_a_row": 1,
                    }
                ],
                "output": "synthesized",
            }
        )
    )
    stage = {
        "name": "synthesis",
        "ncvc": ["synthesize", "synthesize.yaml"],
        "reads": ["synthesize.yaml", "topics"],
        "makes": "synthesized",
    }
    edit(toy / "recipe.yaml", lambda recipe: recipe["stages"].append(stage))
    ended = run_ncvc("recipe", "run", toy, ok=False)
    assert ended.returncode == 75
    assert ended.stderr.splitlines()[-1] == (
        f"ncvc: `ncvc synthesize synthesize.yaml` stopped with everything saved; `ncvc recipe run {toy}` goes on"
    )


def test_nothing_of_the_folder_is_imported(toy: Path) -> None:
    (toy / "json.py").write_text("raise SystemExit('imported')")
    assert run(toy)[0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["stages"][0]["reads"].append("more"), "the stage 'text' reads more, which no earlier stage makes"),
        (
            lambda r: r["stages"][0]["reads"].append("again"),
            "the stage 'text' reads again, which no earlier stage makes",
        ),
        (lambda r: r["stages"][0].update(makes="../text"), "leaves the recipe's folder"),
        (lambda r: r["stages"][0].update(makes="/text"), "leaves the recipe's folder"),
        (lambda r: r["stages"][1].update(name="text"), "two stages have the name 'text'"),
        (lambda r: r["stages"][1].update(makes="text"), "two stages have the makes 'text'"),
        (lambda r: r["stages"][0].update(need=["raw"]), r"recipe.yaml:\d+: unknown key 'stages.0.need'"),
        (lambda r: r["stages"][0].update(ncvc=[]), r"recipe.yaml:\d+: 'stages.0.ncvc'"),
    ],
)
def test_a_mistake_in_a_recipe_is_one_sentence(toy: Path, change, message: str) -> None:
    edit(toy / "recipe.yaml", change)
    with pytest.raises((ConfigError, RecipeError), match=message):
        load_recipe(toy)


def test_a_folder_without_a_recipe_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"has no recipe.yaml; `ncvc recipe copy NAME "):
        load_recipe(tmp_path)
