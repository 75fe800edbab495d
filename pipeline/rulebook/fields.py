"""rules/fields.yaml -> the columns of the datasets."""

from pathlib import Path

from pipeline.errors import Fault
from pipeline.model import Field
from pipeline.rulebook.nodes import Node, Reader

FILE = "fields.yaml"
DATASETS = ("documents", "forms", "funding", "indicators", "checks", "cells", "lineage")
TYPES = (
    "string",
    "int16",
    "int32",
    "int64",
    "double",
    "decimal128(20, 2)",
    "list<string>",
    "list<float>",
)
SEPARATOR = " / "  # between the Chinese and the English half of a description
_KEYS = {"type": True, "zh": True, "en": True, "description": True, "unit": False}


def load_fields(path: Path) -> tuple[tuple[Field, ...], tuple[Fault, ...]]:
    """Return every column of every dataset, in the order of the file, and the faults of the file.

    ``path`` is the rules directory or the file itself. All faults come at once: unknown, missing and
    duplicate keys, unknown types, datasets that are missing. A column with a fault is left out.
    """
    file = path / FILE if path.is_dir() else path
    reader = Reader()
    root = reader.load(file, FILE)
    fields: list[Field] = []
    if root is not None:
        for dataset, columns in reader.mapping(root, dict.fromkeys(DATASETS, True)).items():
            for name, key, node in reader.pairs(columns):
                field = _field(reader, dataset, name, key, node)
                if field is not None:
                    fields.append(field)
    return tuple(fields), tuple(sorted(reader.faults))


def _field(reader: Reader, dataset: str, name: str, key: Node, node: Node) -> Field | None:
    before = len(reader.faults)
    if not (name.isascii() and name.isidentifier() and name == name.lower()):
        reader.fault(
            key,
            f"列名 {name} 应为小写英文字母、数字和下划线 | column name {name} must be lower-case ASCII words",
        )
    values = reader.mapping(node, _KEYS)
    texts = {key: reader.text(value) for key, value in values.items() if key != "type"}
    if texts.get("description", SEPARATOR).count(SEPARATOR) != 1:
        reader.fault(
            values["description"], "说明应写作“中文 / English” | write the description as 中文 / English"
        )
    arrow = reader.choice(values["type"], TYPES, ("类型", "type")) if "type" in values else ""
    if len(reader.faults) > before:
        return None
    return Field(
        dataset=dataset,
        name=name,
        type=arrow,
        label_zh=texts["zh"],
        label_en=texts["en"],
        description=texts["description"],
        unit=texts.get("unit"),
    )
