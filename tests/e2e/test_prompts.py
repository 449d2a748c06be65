"""Prompts and names: whatever a row holds arrives as it is, and nothing of it is executed."""

import json
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, wait_for

NAMES = [
    "with spaces", "dots.and:colons", "quotes\"and'", "#{pid}", "#(touch pwned)", "émoji 🚀 ünï",
    "-leading dash", "=leading equals", "n" * 200, "Case", "case", "case!", "$(touch pwned)",
    "`touch pwned`", "../../escape", "semi;colon;", "tab", "日本語", "%pct%d", "~root", "*",
]  # fmt: skip


def catcher(lab: Lab, **agent: object) -> Path:
    """An agent that writes what it was given into its folder."""
    program = lab.root / "catch.py"
    program.write_text(
        "import json, sys, os\n"
        "json.dump({'argv': sys.argv[1:], 'cwd': os.getcwd()}, open('got.json', 'w'))\n"
    )
    command = ["python3", str(program), "{prompt}"]
    lab.settle_in(agents={"catch": {"command": command, "slots": 50, **agent}},
                  default_agent="catch", slots=50)  # fmt: skip
    return program


def quoted(text: str) -> str:
    """A CSV cell."""
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("mode", ["headless", "interactive"])
def test_a_long_prompt_of_many_lines_arrives_intact(lab: Lab, mode: str) -> None:
    """100 KB, many lines, quotes and shell syntax, as one argument."""
    catcher(lab, mode=mode)
    line = "'single' \"double\" $HOME `id` \\ #{pid} é\n"
    prompt = "".join(f"line {n} {line}" for n in range(1900))
    prompt = prompt[:99_990].strip()
    lab.write(f"Long,1,Pending,,,{quoted(prompt)},,,,")
    lab.start()
    lab.wait_status("Long", "Completed")
    got = json.loads((lab.root / "workspaces" / "long" / "got.json").read_text())
    assert got["argv"] == [prompt]


@pytest.mark.slow
def test_any_name_gets_a_session_and_a_folder_of_its_own(lab: Lab) -> None:
    """Hostile names start, complete, and touch nothing else."""
    catcher(lab)
    lab.write(*(f"{quoted(name)},1,Pending,,,{quoted('do ' + name)},,,," for name in NAMES))
    lab.start()
    wait_for(
        "all completed",
        lambda: all(row["Status"] == "Completed" for row in lab.rows().values()),
        30,
    )
    assert set(lab.rows()) == set(NAMES)
    folders = list((lab.root / "workspaces").iterdir())
    assert len(folders) == len(NAMES)
    got = [json.loads((folder / "got.json").read_text()) for folder in folders]
    assert sorted(item["argv"][0] for item in got) == sorted("do " + name for name in NAMES)
    assert not list(lab.root.rglob("pwned"))
    for name in ("=leading equals", "日本語"):
        assert lab.sidekick("get", "--", name).returncode == 0


def test_the_prompt_may_come_by_standard_input_or_file(lab: Lab) -> None:
    """For agents whose family says so."""
    script = 'cat > by-stdin; cat "$1" > by-file'
    lab.settle_in(
        f"One,1,Pending,,,{quoted('hello' + chr(10) + 'world')},,,,",
        agents={"cat": {"command": ["sh", "-c", script, "sh", "{prompt_file}"],
                        "prompt_on_stdin": True}},
        default_agent="cat",
    )  # fmt: skip
    lab.start()
    lab.wait_status("One", "Completed")
    for name in ("by-stdin", "by-file"):
        assert (lab.root / "workspaces" / "one" / name).read_text() == "hello\nworld"


def test_nothing_of_a_row_is_in_a_tmux_command_line(lab: Lab) -> None:
    """Only the session's name and the run's id are, and a secret is nowhere."""
    lab.environment["MY_SECRET"] = "s3cr3t-value"
    lab.settle_in(
        'One,1,Pending,,,"echo xyzzy-prompt; sleep 1000",,,,',
        agents={"sh": {"command": ["sh", "-c", "{prompt}"], "pass_environment": ["MY_SECRET"]}},
    )
    lab.start()
    lab.wait_status("One", "In Progress")
    shown = lab.tmux("list-panes", "-a", "-F", "#{pane_start_command} #{session_name}")
    shown += lab.tmux("show-environment", "-g") + lab.tmux("show-environment", "-t", "=one")
    assert "xyzzy" not in shown
    assert "s3cr3t" not in shown
    (run,) = lab.agents()
    kept = [path for path in (lab.root / "runs" / run).iterdir() if path.is_file()]
    assert not [path for path in kept if b"s3cr3t" in path.read_bytes()]
    (pid,) = lab.agents().values()
    assert b"MY_SECRET=s3cr3t-value" in Path(f"/proc/{pid}/environ").read_bytes()
