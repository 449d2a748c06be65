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
        prompt: The Next Action; or a person's answer, where that is what the agent is told.
        folder: Where it works.
        words: The user's words that it stands for.
        conversation: Id of the conversation; empty where the agent keeps none, or where a fresh
            one has no id yet.
        begun: The conversation exists: the agent is to go on with it.
        resume: The conversation knows the prompt already: only tell it to go on.
        forgotten: The work was begun in a conversation that this agent does not know.
        recap: The last words of that conversation; empty where there were none.
        standing: What git saw in the folder after the newest run; empty where that is not known.
        answer: The id of the answer that the prompt is; empty where it is none.
        repository: The project's own folder, where the work is done in a worktree of it.
        branch: The worktree's branch; empty where there is none.
        gpus: Indices of the GPUs that it is given.
        mode: How the agent is connected to its session, where the row says so; else empty.
        dollars: What this run may cost, for agents that keep to it; 0 for no bound.
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
    forgotten: bool = False
    recap: str = ""
    standing: str = ""
    answer: str = ""
    repository: str = ""
    branch: str = ""
    mode: str = ""
    dollars: float = 0.0


def words_of(project: Project, pin: str) -> Words:
    """The user's own words about the work; the work hash is over these alone."""
    return Words(project.action_digest, fold(pin), fold(project.model))


def routes(project: Project, pin: str, limits: Limits) -> tuple[Route, ...] | Fault:
    """Who may work, the preferred one first: the user's word, else the Model's, else the default.

    Each is an agent that the settings know.
    """
    chosen: tuple[Route, ...] = (Route(limits.default_agent),)
    if project.model:
        by_model = limits.models.get(fold(project.model))
        if by_model is None:
            return _unknown(project, columns.MODEL, project.model, limits.model_names, "models")
        chosen = by_model
    if pin:
        if fold(pin) not in limits.agents:
            return _unknown(project, columns.AGENT, pin, tuple(limits.agents), "agents")
        model = next((route.model for route in chosen if route.agent == fold(pin)), "")
        chosen = (Route(fold(pin), model),)
    known = tuple(route for route in chosen if route.agent in limits.agents)
    if not known:
        names = ", ".join(route.agent for route in chosen) or "every agent of it"
        text = f"{names} is off in config.yaml; switch it on, or choose another"
        column, value = (
            (columns.MODEL, project.model) if project.model else (columns.AGENT, project.agent)
        )
        return Fault(project.row.line, column, value, text, "AgentOff")
    return known


def folder_of(name: str, slug: str, limits: Limits) -> str:
    """The folder that a project works in: its own, or a worktree of that."""
    own = "" if name in limits.isolated else limits.folders.get(name, "")
    return own or f"{limits.workspaces}/{slug}"


def repository_of(name: str, limits: Limits) -> str:
    """The folder whose worktree a project works in; empty where it works in its own."""
    return limits.folders.get(name, "") if name in limits.isolated else ""


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
