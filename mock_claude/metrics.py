"""What the mock counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, generate_latest

from mock_claude.script import FAILURES

APIS = ("anthropic", "responses", "chat", "gemini")


class Metrics:
    """Every family of it, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "mock_llm_requests", "Requests for an answer, by what came of them.", ["api", "answer"],
            registry=self._registry,
        )  # fmt: skip
        self.tokens = Counter(
            "mock_llm_tokens", "Tokens read and written, as they are billed.", ["api", "direction"],
            registry=self._registry,
        )  # fmt: skip
        for api in APIS:
            for answer in ("text", "tool", "invalid", *FAILURES):
                self.requests.labels(api, answer)
            for direction in ("input", "output"):
                self.tokens.labels(api, direction)

    def text(self) -> bytes:
        """All of it in Prometheus's text form."""
        return generate_latest(self._registry)
