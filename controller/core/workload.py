"""A workload: what must run for a project now."""

from dataclasses import dataclass

from controller.core import row as columns
from controller.core.faults import Fault, shorten
from controller.core.limits import Limits, Route
from controller.core.observed import Words
from controller.core.project import Project
from controller.core.words import fold


@dataclass(frozen=True, slots=True)
class Workload:
    """What must run.

    Attributes:
        project: The project's name.
        slug: The name of its session.
        agent: The agent to run; its family makes the argv of it.
        model: The model id that the agent is told, empty for its default.
        prompt: The Next Action.
        folder: Where it works.
        words: The user's words that it stands for.
        conversation: Id of the conversation; empty where the agent keeps none, or where a fresh
            one has no id yet.
        begun: The conversation exists: the agent is to go on with it.
        resume: The conversation knows the prompt already: only tell it to go on.
        gpus: Indices of the GPUs that it is given.
        demo: The demo agent stands in for the real one.
        config: Digest of the settings that shape it.
    """

    project: str
    slug: str
    agent: str
    model: str
    prompt: str
    folder: str
    words: Words
    conversation: str = ""
    begun: bool = False
    resume: bool = False
    gpus: tuple[int, ...] = ()
    demo: bool = False
    config: str = ""


def words_of(project: Project, pin: str) -> Words:
    """The user's own words about the work; the work hash is over these alone."""
    return Words(project.action_digest, fold(pin), fold(project.model))


def route(project: Project, pin: str, limits: Limits) -> Route | Fault:
    """Which agent is to work: the user's word, else the Model's route, else the default."""
    chosen = Route(limits.default_agent)
    if project.model:
        by_model = limits.models.get(fold(project.model))
        if by_model is None:
            return _unknown(project, columns.MODEL, project.model, limits.model_names, "models")
        chosen = by_model
    if pin:
        if fold(pin) not in limits.agents:
            return _unknown(project, columns.AGENT, pin, tuple(limits.agents), "agents")
        model = chosen.model if fold(pin) == chosen.agent else ""
        chosen = Route(fold(pin), model)
    return chosen


def folder_of(name: str, slug: str, limits: Limits) -> str:
    """The folder that a project works in."""
    return limits.folders.get(name, f"{limits.workspaces}/{slug}")


def _unknown(
    project: Project, column: str, value: str, known: tuple[str, ...], section: str
) -> Fault:
    names = shorten(", ".join(known), 200)
    return Fault(
        project.row.line,
        column,
        value,
        f"config.yaml knows no such name under {section}; it knows {names}",
        f"Unknown{column}",
    )
