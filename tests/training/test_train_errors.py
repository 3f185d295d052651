"""What goes wrong before the first step is told in a sentence."""

import json
import shutil

import pytest

from curation.errors import UserError
from curation.job import Job
from training.train import train


@pytest.fixture
def moved(make_train_run, student_folder, tmp_path):
    """A run on a copy of the student that a test may damage."""
    folder = shutil.copytree(student_folder, tmp_path / "copy")
    run = make_train_run(max_train_tokens=200)
    path = run.folder / "run.json"
    path.write_text(path.read_text().replace(json.dumps(str(student_folder)), json.dumps(str(folder))))
    return run, folder


def test_a_model_that_was_removed_is_named_with_what_to_give_instead(moved):
    run, folder = moved
    shutil.rmtree(folder)
    with pytest.raises(UserError, match=r"The tokenizer '.*copy' cannot be loaded: .* Give a local folder"):
        train(Job(run))


def test_weights_that_are_missing_are_named(moved):
    run, folder = moved
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"The model '.*copy' cannot be loaded: .*model.safetensors"):
        train(Job(run))


def test_a_tokenizer_without_chat_template_is_refused_with_the_way_out(moved):
    run, folder = moved
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match=r"has no chat template, .*add chat_template to its tokenizer_config.json"):
        train(Job(run))


def test_a_set_that_was_removed_is_named(moved):
    run, _ = moved
    shutil.rmtree(run.request.inputs["set"])
    with pytest.raises(UserError, match="There is no curated set 'sums'"):
        train(Job(run))
