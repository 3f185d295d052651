import pytest

from curation.errors import UserError
from training.studies.grid import expand
from training.studies.study import SHIPPED, Study, find_study, known_studies, save


def test_a_study_goes_through_yaml_unchanged():
    made = Study.read(
        "name: s\nbenchmark: b\nrecipe: pruned\nseeds: [1]\n"
        "grid:\n  rho:\n    0.5: {limit: 3}\n    1: {}\n  limit: [1, 2]\nablate: recipe\n"
    )
    assert made.grid == {"rho": {"0.5": {"limit": 3}, "1": {}}, "limit": [1, 2]}
    assert Study.read(made.yaml()) == made


def test_a_named_recipe_is_written_out_once_and_keeps_its_name(tmp_path):
    made = Study.parse(
        {
            "name": "s", "benchmark": "b", "recipe": "raw",
            "grid": {"recipe": ["verified"], "kind": {"own": {"recipe": "own"}, "none": {"limit": 2}}},
        }
    )  # fmt: skip
    (tmp_path / "own.yaml").write_text("name: own\nsteps: []\n")
    inlined = made.inlined(tmp_path)
    assert inlined.recipe["name"] == "raw"
    assert [recipe["name"] for recipe in inlined.grid["recipe"]] == ["verified"]
    assert inlined.grid["kind"] == {"own": {"recipe": {"name": "own", "steps": []}}, "none": {"limit": 2}}
    assert inlined.inlined(tmp_path / "elsewhere") == inlined


def test_a_saved_study_is_found_by_its_name_and_by_its_file(tmp_path):
    made = Study.parse({"name": "mine", "benchmark": "b"})
    path = save(made, tmp_path / "studies")
    assert find_study("mine", tmp_path / "studies") == find_study(str(path), tmp_path) == made
    assert "mine" in known_studies(tmp_path / "studies")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "expected a mapping with 'name' and 'benchmark', found list"),
        ("name: s", "the field 'benchmark' is missing"),
        ("name: s\nbenchmark: b\ngird: {}", "unknown field 'gird'; a study's fields: name, description"),
        ("name: a b\nbenchmark: b", "name: use letters, digits, '.', '_' and '-', at most 50, found 'a b'"),
        ("name: s\nbenchmark: b\nseeds: [1, 1]", r"seeds: a seed is there twice, found \[1, 1\]"),
        ("name: s\nbenchmark: b\nseeds: []", "seeds: list should have at least 1 item"),
        ("name: [", "line 1: this is not valid YAML"),
    ],
)
def test_a_study_that_cannot_be_read_says_what_is_wrong(text, message):
    with pytest.raises(UserError, match=message):
        Study.read(text)


def test_an_unknown_study_or_recipe_names_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="There is no study 'nope'; known: .*or a YAML file"):
        find_study("nope", tmp_path)
    with pytest.raises(UserError, match="There is no recipe 'nope'; known: .*pruned, raw, verified, or write out"):
        Study.parse({"name": "s", "benchmark": "b", "recipe": "nope"}).inlined(tmp_path)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_study_expands_with_three_seeds_and_says_what_is_expected(path, tmp_path):
    made = Study.load(path).inlined(tmp_path)
    assert (made.name, made.seeds) == (path.stem, [0, 1, 2])
    assert made.expected.strip().endswith(".")
    assert len(expand(made)) % 3 == 0
