"""What the settings are once they are read: defaults, paths, the repository's own file."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.settings import Settings, SettingsInvalid, find_config, load_settings
from controller.settings.schema import schema
from tests.settings.conftest import REPOSITORY, Project
from tests.shipped import SHIPPED

DEMO = "default_agent: demo\n"


def test_defaults(project: Project) -> None:
    """What the file does not say has its default; paths are absolute."""
    loaded = project.load(DEMO)
    folder = project.folder.resolve()

    assert (
        loaded.slots, loaded.gpus, loaded.demo, loaded.resume_prompt,
    ) == (4, 1, False, "continue")  # fmt: skip
    assert (loaded.server.host, loaded.server.port) == ("127.0.0.1", 9600)
    assert folder / "state" == loaded.paths.state
    assert folder / "desired/priorities.csv" == loaded.priority_source.csv.file
    assert loaded.paths.socket is None


def test_paths(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths start at the file's folder, `~` at the user's home, absolute ones stay."""
    monkeypatch.setenv("HOME", "/home/somebody")
    loaded = project.load(
        DEMO + "paths: {state: ~/state, logs: /var/log/x, runs: ./r, socket: ~/s}\n"
        "projects: {A: ~/src/a, B: b/../c, C: /abs}\n"
        "priority_source: {csv: {file: ~/list.csv}}\n"
    )
    folder = project.folder.resolve()

    assert Path("/home/somebody/state") == loaded.paths.state
    assert Path("/var/log/x") == loaded.paths.logs
    assert folder / "r" == loaded.paths.runs
    assert Path("/home/somebody/s") == loaded.paths.socket
    assert Path("/home/somebody/list.csv") == loaded.priority_source.csv.file
    assert {
        "A": Path("/home/somebody/src/a"), "B": folder / "c", "C": Path("/abs"),
    } == loaded.projects  # fmt: skip


def test_home_in_the_path_of_the_schemas(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` works for the schemas as for every other path."""
    monkeypatch.setenv("HOME", str(project.folder))
    assert (
        project.folder / "schemas"
        == project.load(DEMO + "paths: {schemas: ~/schemas}").paths.schemas
    )


def test_paths_do_not_depend_on_the_working_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file may be named by a relative path; the result is the same."""
    project.load(DEMO)
    here = load_settings(project.config, {})
    monkeypatch.chdir(tmp_path)
    assert here == load_settings(Path("config.yaml"), {})


def test_settings_are_frozen(project: Project) -> None:
    """What was read once stays as it is."""
    loaded = project.load(DEMO)
    with pytest.raises(ValueError, match="frozen"):
        loaded.slots = 5  # type: ignore[misc]


def test_schema_on_disk() -> None:
    """schemas/config.schema.json is the schema of the settings' form, word for word."""
    on_disk = json.loads((REPOSITORY / "schemas" / "config.schema.json").read_text())
    assert schema() == on_disk


def test_the_repositorys_own_file() -> None:
    """The shipped config.yaml loads: demo on, every model's agent known."""
    loaded = load_settings(
        SHIPPED / "config.yaml", {"SIDEKICK_PATHS_SCHEMAS": str(REPOSITORY / "schemas")}
    )

    assert loaded.demo
    assert {route.agent for model in loaded.models for route in loaded.routes(model)} <= set(
        loaded.agents
    )
    assert loaded.priority_source.csv.file == SHIPPED / "desired" / "priorities.csv"


def test_every_field_is_explained() -> None:
    """Every setting has a description in the schema, so that editors show it."""
    document = schema()
    sections = [document, *document["$defs"].values()]
    missing = [
        name
        for section in sections
        for name, field in section.get("properties", {}).items()
        if "description" not in field and "$ref" not in field
    ]
    assert missing == []


class TestFindConfig:
    """Which file is meant."""

    def test_named(self, tmp_path: Path) -> None:
        """The file named on the command line beats the variable; both start here."""
        for name in ("a.yaml", "b.yaml", "config.yaml"):
            (tmp_path / name).touch()
        environment = {"SIDEKICK_CONFIG": "b.yaml"}

        assert tmp_path / "a.yaml" == find_config("a.yaml", environment, tmp_path)
        assert tmp_path / "b.yaml" == find_config(None, environment, tmp_path)
        assert tmp_path / "a.yaml" == find_config(str(tmp_path / "a.yaml"), {}, Path("/"))

    def test_above(self, tmp_path: Path) -> None:
        """Unnamed, it is the nearest config.yaml here or in a folder above."""
        deep = tmp_path / "a" / "b" / "c"
        deep.mkdir(parents=True)
        (tmp_path / "config.yaml").touch()
        assert tmp_path / "config.yaml" == find_config(None, {}, deep)
        (tmp_path / "a" / "config.yaml").touch()
        assert tmp_path / "a" / "config.yaml" == find_config(None, {}, deep)

    def test_a_folder_of_that_name_is_none(self, tmp_path: Path) -> None:
        """A folder called config.yaml is passed over."""
        (tmp_path / "config.yaml").touch()
        inner = tmp_path / "inner"
        (inner / "config.yaml").mkdir(parents=True)
        assert tmp_path / "config.yaml" == find_config(None, {}, inner)

    @pytest.mark.parametrize("given", ["nix.yaml", "", "folder"])
    def test_none(self, tmp_path: Path, given: str) -> None:
        """There is none: what was looked for, and what to do."""
        (tmp_path / "folder").mkdir()
        with pytest.raises(SettingsInvalid) as caught:
            find_config(given or None, {}, tmp_path)
        assert (
            str(tmp_path / given) in caught.value.message
            if given
            else "above" in caught.value.message
        )
        assert "--config" in caught.value.message


def held(project: Project, content: bytes) -> None:
    """Load, and let nothing pass but a refusal."""
    try:
        assert isinstance(project.load(content), Settings)
    except SettingsInvalid as error:
        assert error.faults  # noqa: PT017 - either way is right


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8"))))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xfe\xff\0a")
@settings(deadline=None)
def test_anything_for_a_file(shared: Project, content: bytes) -> None:
    """Any bytes give settings or a refusal, never another exception."""
    held(shared, content)


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0~"), max_size=8)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.dates(), st.binary(max_size=4)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from(
    sorted({name for section in [schema(), *schema()["$defs"].values()]
            for name in section.get("properties", {})})
)  # fmt: skip
TREES = st.dictionaries(
    FIELDS, VALUES | st.dictionaries(FIELDS | WORDS, VALUES, max_size=3), max_size=5
)


@pytest.mark.slow
@pytest.mark.timeout(240)
@given(TREES)
@settings(deadline=None)
def test_any_values_for_the_settings(shared: Project, tree: dict[str, object]) -> None:
    """Any YAML values under the settings' names give settings or a refusal."""
    held(shared, yaml.safe_dump({"default_agent": "demo", **tree}).encode())
