"""What takes secrets out of texts."""

import os
from collections.abc import Mapping
from contextlib import suppress

from controller.files import read_small
from controller.layout import TOKEN
from controller.parts.notifications import address_secrets
from controller.redaction import Redactor, secret_values
from controller.settings import Settings


def build_redactor(settings: Settings, environment: Mapping[str, str]) -> Redactor:
    """What takes secrets out of texts: those that the controller has itself, or hands on.

    Args:
        settings: The settings, with absolute paths.
        environment: The controller's own.
    """
    token = b""
    with suppress(OSError):
        token = read_small(settings.paths.state / TOKEN)
    given = (environment, *(section.environment for section in settings.agents.values()))
    encoded = ({os.fsencode(k): os.fsencode(v) for k, v in each.items()} for each in given)
    addresses = (part.encode() for part in address_secrets(settings))
    values = (value for each in encoded for value in secret_values(each))
    return Redactor([token, *values, *addresses])
