"""The JSON Schema of config.yaml, made from the settings' form."""

import json
from typing import Any

from controller.settings.model import Settings


def schema() -> dict[str, Any]:
    """The schema as it stands in schemas/config.schema.json."""
    document = Settings.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))  # noqa: T201 - the module's purpose as a program
