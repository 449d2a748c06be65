"""An agent of config.yaml: placeholders, groups, conversations."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.base import AgentError, Mode
from controller.agents.command import PLACEHOLDERS, Argument, CommandAgent
from controller.core.observed import Words
from controller.core.workload import Workload
from controller.parts.agents import build_agents
from controller.settings import load_settings

REPOSITORY = Path(__file__).parents[2]
WORK = Workload(
    "My App", "my-app", "a", "opus", "do it", "/srv/my app", Words("d"), conversation="c-1"
)


def argv(*command: Argument, work: Workload = WORK, resume: tuple[Argument, ...] = ()) -> list[str]:
    """The command line that a template makes."""
    return list(CommandAgent("a", command, resume).launch(work, "/runs/1").argv)


def test_placeholders() -> None:
    """Every placeholder is replaced by the workload's value."""
    assert argv(*(f"{{{name}}}" for name in PLACEHOLDERS)) == [
        "do it",
        "/runs/1/prompt",
        "My App",
        "/srv/my app",
        "opus",
        "c-1",
    ]


def test_placeholders_within_an_argument() -> None:
    """A placeholder may stand anywhere in an argument, more than once."""
    assert argv("--model={model}/{model}", "x{}y", "{ model }", "${HOME-}") == [
        "--model=opus/opus",
        "x{}y",
        "{ model }",
        "${HOME-}",
    ]


def test_values_are_not_read_again() -> None:
    """A value that looks like a placeholder stays as it is."""
    work = replace(WORK, prompt="{model}", model="{prompt}")
    assert argv("{prompt}", "{model}", work=work) == ["{model}", "{prompt}"]


def test_groups() -> None:
    """A group is left out where one of its placeholders is empty, and else is spread out."""
    template: tuple[Argument, ...] = ("x", ["--model", "{model}"], ["--plain"], "{prompt}")
    assert argv(*template) == ["x", "--model", "opus", "--plain", "do it"]
    assert argv(*template, work=replace(WORK, model="")) == ["x", "--plain", "do it"]
    assert argv("x", ["{model}", "{conversation}"], work=replace(WORK, conversation="")) == ["x"]


def test_an_empty_value_outside_a_group_stays() -> None:
    """Outside a group an empty value is an empty argument: positions count."""
    assert argv("x", "{model}", "y", work=replace(WORK, model="")) == ["x", "", "y"]


@pytest.mark.parametrize("part", ["{promt}", "--x={Model}", "{0}"])
def test_unknown_placeholder(part: str) -> None:
    """A placeholder that there is none of is refused, with those that there are."""
    for command in ([part], [["--x", part]]):
        with pytest.raises(AgentError) as caught:
            argv("x", *command)
        name = part[part.index("{") :]
        assert caught.value.reason == "UnknownPlaceholder"
        assert (
            f"agents.a in config.yaml uses {name}; there are "
            "prompt, prompt_file, project, folder, model, conversation"
        ) == caught.value.message


def test_nothing_left() -> None:
    """A command line of which nothing is left is refused."""
    with pytest.raises(AgentError) as caught:
        argv(["--model", "{model}"], work=replace(WORK, model=""))
    assert caught.value.reason == "CommandEmpty"


@pytest.mark.parametrize(
    ("begun", "resume", "expected"),
    [
        (False, False, ["new", "do it"]),
        (False, True, ["new", "do it"]),
        (True, False, ["on", "c-1", "do it"]),
        (True, True, ["on", "c-1", "carry on"]),
    ],
)
def test_conversations(begun: bool, resume: bool, expected: list[str]) -> None:
    """It goes on only with a conversation that was begun, and says what that does not know yet."""
    agent = CommandAgent(
        "a", ("new", "{prompt}"), ("on", "{conversation}", "{prompt}"), resume_prompt="carry on"
    )
    launch = agent.launch(replace(WORK, begun=begun, resume=resume), "/runs/1")

    assert expected == list(launch.argv)
    assert expected[-1] == launch.prompt


def test_without_resume_it_begins_again() -> None:
    """An agent that cannot go on is given the whole prompt again."""
    agent = CommandAgent("a", ("new", "{prompt}"))
    launch = agent.launch(replace(WORK, begun=True, resume=True), "/runs/1")
    assert (launch.argv, launch.prompt) == (("new", "do it"), "do it")


def test_the_rest_is_handed_on() -> None:
    """Mode, standard input and environment are as the settings say."""
    agent = CommandAgent(
        "a", ("x",), mode=Mode.INTERACTIVE, environment={"A": "1"}, inherit=("KEY",),
        prompt_on_stdin=True,
    )  # fmt: skip
    launch = agent.launch(WORK, "/runs/1")
    assert (
        launch.mode, launch.environment, launch.inherit, launch.prompt_on_stdin,
    ) == (Mode.INTERACTIVE, {"A": "1"}, ("KEY",), True)  # fmt: skip


@given(st.text(), st.text(), st.text())
def test_any_words(prompt: str, model: str, project: str) -> None:
    """Whatever the row says, each value is where its placeholder was."""
    work = replace(WORK, prompt=prompt, model=model, project=project)
    expected = ["x", *(["-m", model] if model else []), f"--name={project}", prompt]
    assert expected == argv("x", ["-m", "{model}"], "--name={project}", "{prompt}", work=work)


AGENTS = build_agents(load_settings(REPOSITORY / "config.yaml", {}))


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize("model", ["", "some-model"])
@pytest.mark.parametrize("begun", [False, True])
def test_the_repositorys_agents(name: str, model: str, begun: bool) -> None:
    """Every agent of the shipped config.yaml can be started, with and without a model."""
    agent = AGENTS[name]
    work = replace(WORK, agent=name, model=model, prompt="- do 'it'", begun=begun)
    launch = agent.launch(work, "/runs/1")

    assert launch.prompt == work.prompt
    *_, before, last = launch.argv
    as_option = last.startswith("--") and last.endswith(f"={work.prompt}")
    behind = before == "--" and last == work.prompt
    assert launch.prompt_on_stdin or as_option or behind
    assert "" not in launch.argv
    told = any(argument.endswith("some-model") for argument in launch.argv)
    assert told == (bool(model) and name != "demo")
    assert (name != "demo") == agent.real


def test_claude_goes_on() -> None:
    """Claude names its conversation at first and resumes it later."""
    agent = AGENTS["claude"]
    fresh = agent.launch(WORK, "/runs/1").argv
    later = agent.launch(replace(WORK, begun=True, resume=True), "/runs/1").argv
    assert "--session-id c-1" in " ".join(fresh)
    assert "--resume c-1" in " ".join(later)
    assert later[-1] == "continue"


def test_no_permission_is_skipped() -> None:
    """The shipped command lines skip no permissions: that is the user's own explicit word."""
    words = " ".join(" ".join(agent.launch(WORK, "/r").argv) for agent in AGENTS.values())
    assert not any(bad in words for bad in ("skip-permissions", "yolo", "danger", "bypass"))


def test_the_configs_digest_tells_changes() -> None:
    """Another command is another configuration; another number of slots is not."""
    settings = load_settings(REPOSITORY / "config.yaml", {})
    claude = settings.agents["claude"]
    digests = []
    for changes in ({}, {"slots": 7}, {"command": ("other",)}):
        section = claude.model_copy(update=changes)
        changed = settings.model_copy(update={"agents": {"claude": section}})
        digests.append(build_agents(changed)["claude"].config)
    assert digests[0] == digests[1] != digests[2]
