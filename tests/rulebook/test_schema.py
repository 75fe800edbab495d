"""The JSON Schema that editors use agrees with the loader."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.rulebook.load import shipped_rules

RULES = shipped_rules()
FILES = [("form", path) for path in sorted((RULES / "forms").glob("*.yaml"))] + [
    ("vocabulary", path) for path in sorted((RULES / "vocabularies").glob("*.yaml"))
]


def schema(name: str) -> dict:
    return json.loads((RULES / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda value: getattr(value, "stem", value))
def test_shipped_rules_satisfy_the_schema(name: str, path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema(name))


@pytest.mark.parametrize(
    "change",
    [
        {"titel": ["x"]},
        {"sections": {"a": {"kind": "tables"}}},
        {"sections": {"a": {"kind": "fields", "lables": {}}}},
    ],
)
def test_schema_refuses_what_the_loader_refuses(change: dict) -> None:
    good = yaml.safe_load((RULES / "forms" / "project_self_evaluation.yaml").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good | change, schema("form"))
