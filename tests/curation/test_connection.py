import pytest

from curation.connection import BASE_FOLDER, CONNECTIONS, FILE, find, known, read, weights_of, write
from curation.errors import UserError


def test_connections_are_written_and_read_back(tmp_path):
    made = {"small": CONNECTIONS.parse({"backend": "transformers", "model": "base"})}
    write(tmp_path, made)
    assert read(tmp_path) == made
    assert known(tmp_path) == ["small", "base"]
    assert find("small", tmp_path) == find("base", tmp_path)


def test_what_is_wrong_with_the_file_is_told(tmp_path):
    (tmp_path / FILE).write_text("small: {backend: nothing}")
    with pytest.raises(UserError, match=r"'nothing'.*transformers"):
        read(tmp_path)
    (tmp_path / FILE).write_text("small: {backend: transformers}")
    with pytest.raises(UserError, match=r"models\.yaml, small: transformers needs the field 'model'"):
        read(tmp_path)
    (tmp_path / FILE).write_text("- a\n- b")
    with pytest.raises(UserError, match="expected names of models"):
        read(tmp_path)


def test_a_name_has_to_be_a_name(tmp_path):
    with pytest.raises(UserError, match="cannot name a model"):
        write(tmp_path, {"a b": CONNECTIONS.parse({"backend": "transformers", "model": "base"})})


def test_weights_are_found(tmp_path):
    assert weights_of("base", tmp_path) == str(BASE_FOLDER)
    assert weights_of("owner/name", tmp_path) == "owner/name"
    assert weights_of(str(tmp_path), tmp_path) == str(tmp_path)
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "run.json").touch()
    with pytest.raises(UserError, match="no finished model"):
        weights_of("run-1", tmp_path)
    (tmp_path / "run-1" / "out" / "model").mkdir(parents=True)
    assert weights_of("run-1", tmp_path) == str(tmp_path / "run-1" / "out" / "model")
