"""What the families have in common: their options, told on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from controller.agents.base import Launch, Mode, Options, Stream
from controller.core.workload import Workload


@dataclass(frozen=True, slots=True)
class Family:
    """An agent of a family that is built in.

    Attributes:
        options: What the settings say of it.
    """

    options: Options

    VARIABLES: ClassVar[tuple[str, ...]] = ()
    """What it signs in with, and where its API is."""
    LOGINS: ClassVar[tuple[str, ...]] = ()
    """Files of its home that hold a login."""
    real: ClassVar[bool] = True
    conversations: ClassVar[bool] = True
    takes_ids: ClassVar[bool] = True
    reticent: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self.options.name

    @property
    def slots(self) -> int:
        """Sessions that it may have at once."""
        return self.options.slots

    @property
    def config(self) -> str:
        """Digest of its settings."""
        return self.options.config

    @property
    def mode(self) -> Mode:
        """How it is connected to its session."""
        return self.options.mode

    def in_mode(self, mode: Mode) -> Self:
        """The same agent, connected in this way."""
        return replace(self, options=replace(self.options, mode=mode))

    @property
    def vendors(self) -> tuple[str, ...]:
        """Those of its variables that are meant for the API that it talks to."""
        return self.VARIABLES

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of variables that it is handed on from the controller's environment."""
        own = (name for name in self.vendors if name not in self.options.environment)
        return tuple(dict.fromkeys((*own, *self.options.inherit)))

    @property
    def headless(self) -> bool:
        """Whether it runs without a terminal."""
        return self.options.mode is Mode.HEADLESS

    def goes_on(self, workload: Workload) -> bool:
        """Whether it goes on with a conversation."""
        return workload.begun and bool(workload.conversation)

    def prompt(self, workload: Workload) -> str:
        """What it is told: where its conversation was interrupted, only to go on."""
        interrupted = workload.resume and self.goes_on(workload)
        return self.options.resume_prompt if interrupted else workload.prompt

    def by_stdin(
        self,
        workload: Workload,
        argv: tuple[str, ...],
        environment: Mapping[str, str],
        stream: Stream,
        files: Mapping[str, str] | None = None,
        *,
        hooks: bool = False,
    ) -> Launch:
        """The launch of a program that takes its prompt from standard input where it is headless.

        Args:
            workload: What it works on.
            argv: Its command line.
            environment: What it needs; what the settings say beats it.
            stream: What it prints where it is headless.
            files: Texts for the run's folder, by their names.
            hooks: Whether its hooks tell of it where it is on a terminal.
        """
        return Launch(
            argv,
            self.options.mode,
            self.prompt(workload),
            prompt_on_stdin=self.headless,
            environment={**environment, **self.options.environment},
            inherit=self.variables,
            secrets=self.options.secrets,
            stream=stream if self.headless else None,
            files=files or {},
            hooks=hooks and not self.headless,
        )

    @property
    def logins(self) -> tuple[Path, ...]:
        """Files that hold what it signed in with."""
        return tuple(self.options.home / name for name in self.LOGINS)
