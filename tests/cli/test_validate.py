"""`validate`: what is wrong, and what is likely a slip."""

from tests.cli.desk import Desk


def test_a_slip_is_told(desk: Desk) -> None:
    """A column that is nearly one of ours, a folder for nobody; all of it is valid."""
    text = desk.lab.list.read_text(encoding="utf-8")
    text = text.replace("Deadline", "Deadlnie").replace("GPU", "Owner")
    desk.lab.list.write_text(text, encoding="utf-8")
    config = desk.root / "config.yaml"
    told = config.read_text(encoding="utf-8") + "projects: {Onne: /tmp, Zebra: /tmp}\n"
    config.write_text(told, encoding="utf-8")

    code, out, err = desk.sidekick("validate")

    assert code == 0
    assert "all valid" in out
    assert "the column 'Deadlnie' is yours, and not read; Deadline would be" in err
    assert "Owner" not in err
    assert "projects: 'Onne' is no project of the list; 'One' is" in err
    assert "projects: 'Zebra' is no project of the list\n" in err


def test_nothing_is_told_of_what_is_meant(desk: Desk) -> None:
    """An alias, other cases, columns of the user's own."""
    text = desk.lab.list.read_text(encoding="utf-8")
    text = text.replace("GPU", "gpu?").replace("Deadline", "DEADLINE").replace("Model", "Notes")
    desk.lab.list.write_text(text, encoding="utf-8")

    code, _, err = desk.sidekick("validate")

    assert (code, err) == (0, "")
