"""`config`: what counts, where it comes from, and no secret."""

import json
import os

import jsonschema
import pytest
import yaml

from controller.settings import load_settings
from controller.settings.schema import schema
from tests.cli.desk import Desk

SECRET = "sk-do-not-show-me"
AGENTS = {"sh": {"command": ["sh"], "environment": {"API_KEY": SECRET, "MODE": "fast"}}}


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_every_setting_and_no_secret(desk: Desk, form: str) -> None:
    """Defaults, absolute paths and the environment's word included, valid by the schema."""
    desk.lab.settle_in("One,1,,,,,,,,", agents=AGENTS)
    desk.patch.setenv("SIDEKICK_SLOTS", "7")
    code, out, err = desk.sidekick("config", "show", "-o", form)
    assert code == 0
    assert SECRET not in out + err
    settings = yaml.safe_load(out) if form == "yaml" else json.loads(out)
    assert settings["slots"] == 7
    assert settings["times"]["stop_grace"] == 1
    assert settings["retention"]["days"] == 30
    assert settings["paths"]["state"] == str(desk.state)
    assert settings["agents"]["sh"]["environment"] == {"API_KEY": "***", "MODE": "***"}
    jsonschema.validate(settings, schema())
    told = out if form == "yaml" else err
    assert "slots comes from SIDEKICK_SLOTS" in told
    assert "server.port comes from SIDEKICK_SERVER_PORT" in told
    assert (err == "") is (form == "yaml")


def test_what_is_shown_can_take_the_place_of_the_file(desk: Desk) -> None:
    """Whatever agents there are: it is valid, and means the same."""
    agents = {
        "sh": {"command": ["sh"], "patterns": [{"outcome": "limit", "pattern": "full"}]},
        "claude": {"allow": ["npm test"], "budget": {"dollars": 5}},
        "other": {"type": "qwen", "base_url": "http://127.0.0.1:1/v1"},
    }
    desk.lab.settle_in("One,1,Paused,,,x,,,,", agents=agents)
    file = desk.root / "config.yaml"
    before = load_settings(file, os.environ)
    code, out, _ = desk.sidekick("config", "show")
    assert code == 0
    file.write_text(out, encoding="utf-8")
    assert desk.sidekick("validate")[0] == 0
    assert load_settings(file, os.environ) == before


def test_the_schema(desk: Desk) -> None:
    """It is the one that the settings are held against, and needs no settings."""
    desk.patch.chdir("/")
    code, out, err = desk.sidekick("config", "schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == schema()


def test_settings_that_are_faulty(desk: Desk) -> None:
    """What is wrong, and where; exit 2."""
    (desk.root / "config.yaml").write_text("slots: 0\n")
    code, out, err = desk.sidekick("config", "show")
    assert (code, out) == (2, "")
    assert "slots" in err
