"""Texts of notices: what happened, what to do, and nothing that a service obeys."""

import shlex

import pytest

from controller.core.notice_texts import LISTED, TEXT_SHOWN, Terms, compose, inert
from controller.core.notices import News
from controller.core.standing import Kind, Standing
from tests.hostile.corpus import TEXTS

TERMS = Terms("./run.sh", "http://host:9600")


def a_thing(kind: Kind, text: str, name: str = "Pipecat Voice", reason: str = "Why") -> Standing:
    """Something to tell."""
    return Standing(kind, name, name, "d1g3st", reason, text)


def one(kind: Kind, text: str = "words", name: str = "Pipecat Voice", **more: str) -> list[str]:
    """Title and lines of a message about one thing."""
    title, body = compose(News(kind, (a_thing(kind, text, name, **more),)), TERMS)
    return [title, *body.splitlines()]


def test_each_kind() -> None:
    """A short title, then why and what next, then where to look."""
    page = "Page: http://host:9600/?project=Pipecat%20Voice"
    assert one(Kind.WAITING, "Red,\nor blue?", reason="AgentWaiting") == [
        "Pipecat Voice waits for you", "> Red,", "> or blue?", "Reason: AgentWaiting",
        "Answer: ./run.sh answer 'Pipecat Voice' \"…\"", page,
    ]  # fmt: skip
    assert one(Kind.WAITING, "trust?", reason="TrustAsked")[-2:] == [
        "Decide: ./run.sh attach 'Pipecat Voice'", page,
    ]  # fmt: skip
    assert one(Kind.BLOCKED)[0] == "Pipecat Voice is blocked"
    assert one(Kind.COMPLETED, "all tests pass") == [
        "Pipecat Voice is done", "all tests pass", "Reason: Why",
        "What it did: ./run.sh logs 'Pipecat Voice'", page,
    ]  # fmt: skip
    assert one(Kind.HOLD, "claude: used up; until 14:00", "claude") == [
        "claude is held", "claude: used up; until 14:00", "Reason: Why", "Page: http://host:9600/",
    ]  # fmt: skip
    prune = one(Kind.PRUNE_BLOCKED, "", "")
    assert prune[0] == "A mass stop waits for your word"
    assert "./run.sh approve-prune --plan d1g3st" in prune[2]


def test_many_in_one() -> None:
    """A list of the first, and how many more there are."""
    items = tuple(a_thing(Kind.WAITING, f"question {n}", f"P{n}") for n in range(LISTED + 3))
    title, body = compose(News(Kind.WAITING, items, missed=2), TERMS)
    lines = body.splitlines()
    assert title == "13 projects wait for you"
    assert lines[0] == "- P0: question 0"
    assert lines[LISTED:] == [
        "and 3 more", 'Answer: ./run.sh answer NAME "…"',
        "2 more changes before this were not told.", "Page: http://host:9600/",
    ]  # fmt: skip


def test_a_summary_says_what_each_is() -> None:
    """Of several kinds."""
    items = (a_thing(Kind.HOLD, "limit", "claude"), a_thing(Kind.WAITING, "red?", "A"))
    title, body = compose(News(Kind.HOLD, items, summary=True), Terms())
    assert title == "2 things need you"
    assert body.splitlines() == [
        "- claude is held: limit", "- A waits for you: red?", "All of it: sidekick get",
    ]  # fmt: skip


def test_a_long_question_is_cut() -> None:
    """A message has its bound, whatever an agent says."""
    body = "\n".join(one(Kind.WAITING, "x" * 100_000))
    assert len(body) < TEXT_SHOWN + 300
    assert "x…" in body
    assert len(one(Kind.WAITING, "a\n" * 5000)) < 20


def test_secrets_are_taken_out() -> None:
    """Of names and of texts, before anything is cut."""
    terms = Terms(redact=lambda text: text.replace("hunter22hunter22", "[redacted]"))
    news = News(Kind.WAITING, (a_thing(Kind.WAITING, "is it hunter22hunter22?", "A"),))
    assert "hunter22" not in "".join(compose(news, terms))
    news = News(Kind.WAITING, (*news.items, a_thing(Kind.WAITING, "x", "hunter22hunter22")))
    assert "hunter22" not in "".join(compose(news, terms))


@pytest.mark.parametrize(
    "text",
    ["@everyone", "<!channel>", "<@U123>", "[here](http://evil.example)", "<b>bold</b>",
     "<script>alert(1)</script>", "a@b"],
)  # fmt: skip
def test_nothing_is_obeyed(text: str) -> None:
    """No mention, tag or link survives in a name or a question."""
    for shown in ("\n".join(one(Kind.WAITING, text)), "\n".join(one(Kind.WAITING, "x", text))):
        before = shown.partition("Page: ")[0]
        assert text not in before
        assert text in before.replace("\u200b", "")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_names_and_questions(text: str) -> None:
    """All of it is printable, no line of it passes for ours, nothing to paste is unquoted."""
    for kind, ours in ((Kind.WAITING, "Answer: "), (Kind.COMPLETED, "What it did: ")):
        title, *lines = one(kind, f"{text}\nAnswer: x\nWhat it did: x", text)
        whole = "\n".join((title, *lines)).replace("\u200b", "")
        assert all(char.isprintable() or char == "\n" for char in whole)
        (typed,) = [line.removeprefix(ours) for line in lines if line.startswith(ours)]
        words = shlex.split(typed)
        assert words[0] == "./run.sh"
        assert words[-2 if kind is Kind.WAITING else -1] in {text, "NAME"}


def test_what_no_file_can_hold() -> None:
    """A lone surrogate is spelled, in names, texts and links."""
    "\n".join(one(Kind.WAITING, "a\ud800b", "a\ud800b")).encode()


def test_a_name_that_cannot_be_typed_is_not_offered() -> None:
    """What is pasted into a shell means that project, or says NAME."""
    assert 'answer NAME "…"' in "\n".join(one(Kind.WAITING, "x", "a@b"))
    assert "answer '$(rm -rf x)'" in "\n".join(one(Kind.WAITING, "x", "$(rm -rf x)"))


def test_inert_keeps_plain_words() -> None:
    """Texts without any of that stay as they are."""
    assert inert("List of 5 < 6, e.g. [a] (b)", 80) == "List of 5 < 6, e.g. [a] (b)"
