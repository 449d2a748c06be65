"""How things look: colours, thresholds, and the words for values."""

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import dashboard as models

from controller.core.words import Status

GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
BLUE, PURPLE, GREY = "blue", "purple", "text"

STATES: dict[Status, tuple[int, str]] = {
    Status.PENDING: (1, GREY),
    Status.QUEUED: (2, YELLOW),
    Status.IN_PROGRESS: (3, GREEN),
    Status.WAITING: (4, ORANGE),
    Status.PAUSED: (5, PURPLE),
    Status.BLOCKED: (6, RED),
    Status.COMPLETED: (7, BLUE),
}
"""A state's number, for a panel that shows numbers as words, and its colour."""

Steps = tuple[tuple[float | None, str], ...]
"""From which value on (None for all below the first) which colour."""

PLAIN: Steps = ((None, BLUE),)
NONE_IS_GOOD: Steps = ((None, GREEN), (1, ORANGE))
NONE_IS_BETTER: Steps = ((None, GREEN), (1, RED))
ALL_IS_GOOD: Steps = ((None, RED), (1, GREEN))


def thresholds(steps: Steps) -> ThresholdsConfig:
    """Thresholds in absolute values."""
    return (
        ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value, color) for value, color in steps])
    )


def words(**texts: tuple[str, str]) -> list[models.ValueMapping]:
    """Values shown as words: `_1=("yes", GREEN)` shows 1 as a green yes."""
    return [
        models.ValueMap(
            {
                value.removeprefix("_"): models.ValueMappingResult(text, color, index=index)
                for index, (value, (text, color)) in enumerate(texts.items())
            }
        )
    ]


def state_words(*, numbered: bool) -> list[models.ValueMapping]:
    """The states in their colours, from their numbers or from their own words."""
    results = {
        str(number) if numbered else state.value: models.ValueMappingResult(
            state.value, color, index=number
        )
        for state, (number, color) in STATES.items()
    }
    if numbered:
        results["0"] = models.ValueMappingResult("invalid", RED, index=0)
    return [models.ValueMap(results)]
