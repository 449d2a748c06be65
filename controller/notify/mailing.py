"""The mailing: to whom messages go, and for how long that is tried."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from controller.notify.addresses import Address


@dataclass(frozen=True, slots=True)
class Mailing:
    """To whom messages go.

    Attributes:
        given: Addresses of the settings.
        file: A file with more; it is read again when it changes.
        retry_for: How long a message is tried.
    """

    given: tuple[Address, ...] = ()
    file: Path | None = None
    retry_for: timedelta = timedelta(hours=6)

    @property
    def on(self) -> bool:
        """Whether there is anybody."""
        return bool(self.given or self.file)

    @property
    def shown(self) -> tuple[str, ...]:
        """To whom, as far as that is known without Apprise, and is no secret."""
        services = tuple(f"{address.service}://…" for address in self.given)
        return (*services, str(self.file)) if self.file else services

    def version(self) -> object:
        """What tells these addresses from others, those of the file as it is now with them."""
        return self.given, self.file, _signature(self.file)


def _signature(file: Path | None) -> tuple[int, int, int] | None:
    """What tells one version of a file from another; None where there is none."""
    if file is None:
        return None
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
