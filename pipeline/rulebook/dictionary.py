"""The data dictionary: what ``guibiao schema`` prints, from the same fields that the Parquet files carry."""

import json
from collections.abc import Sequence
from typing import Literal

from pipeline.model import Field
from pipeline.model.output import CONTRACT_VERSION, PARTITION, UNKNOWN_PARTITION
from pipeline.rulebook.fields import SEPARATOR

Format = Literal["markdown", "json"]
Language = Literal["zh", "en"]

_DATASETS: dict[str, tuple[str, str]] = {
    "documents": ("每个不同的文件内容一行", "one row per distinct file content"),
    "forms": ("每张表一行", "one row per form"),
    "funding": ("资金表每行一行", "one row per line of the money table"),
    "indicators": ("每个绩效指标一行", "one row per indicator"),
    "checks": (
        "每张表每项检查一行，无论结果如何",
        "one row per form and check, whatever the outcome",
    ),
    "cells": (
        "台账：每个非空单元格和相关段落一行",
        "the ledger: one row per non-empty cell and per paragraph that feeds a form",
    ),
    "lineage": ("哪个单元格给出哪个值，每次使用一行", "which cell gave which value; one row per use"),
}
_HEADS = {
    "zh": ("列", "类型", "单位", "名称", "说明"),
    "en": ("column", "type", "unit", "label", "description"),
}
_TITLES = {"zh": "数据字典", "en": "Data dictionary"}
_INTROS = {
    "zh": "输出约定版本 {version}。每个数据集按 `{partition}` 分区（Hive 目录）；年度未知的分区为 `{unknown}`。",
    "en": "Contract version {version}. Every dataset is partitioned by `{partition}` (hive folders); "
    "the partition of an unknown year is `{unknown}`.",
}


def dictionary(fields: Sequence[Field], fmt: Format, lang: Language) -> str:
    """Return the data dictionary of all datasets as Markdown or JSON, in Chinese or English.

    JSON has both languages for every column, whatever ``lang``: programs read it; ``lang`` chooses ``label``
    and ``description``. Both end with a line break.
    """
    if fmt == "json":
        return json.dumps(_json(fields, lang), ensure_ascii=False, indent=2) + "\n"
    return _markdown(fields, lang)


def described(dataset: str) -> tuple[str, str]:
    """Return what a row of the dataset is, in Chinese and English."""
    return _DATASETS.get(dataset, ("", ""))


def _json(fields: Sequence[Field], lang: Language) -> dict[str, object]:
    return {
        "contract_version": CONTRACT_VERSION,
        "partition": {"column": PARTITION, "unknown": UNKNOWN_PARTITION},
        "datasets": [
            {
                "name": dataset,
                "description": _pick(described(dataset), lang),
                "columns": [
                    {
                        "name": field.name,
                        "type": field.type,
                        "unit": field.unit,
                        "label": field.label_zh if lang == "zh" else field.label_en,
                        "description": _description(field, lang),
                        "label_zh": field.label_zh,
                        "label_en": field.label_en,
                        "description_zh": _description(field, "zh"),
                        "description_en": _description(field, "en"),
                    }
                    for field in fields
                    if field.dataset == dataset
                ],
            }
            for dataset in dict.fromkeys(field.dataset for field in fields)
        ],
    }


def _markdown(fields: Sequence[Field], lang: Language) -> str:
    intro = _INTROS[lang].format(version=CONTRACT_VERSION, partition=PARTITION, unknown=UNKNOWN_PARTITION)
    lines = [f"# {_TITLES[lang]}", "", intro]
    for dataset in dict.fromkeys(field.dataset for field in fields):
        lines += ["", f"## {dataset}", "", _pick(described(dataset), lang), ""]
        lines += [_row(_HEADS[lang]), _row(["---"] * len(_HEADS[lang]))]
        lines += [
            _row(
                (
                    f"`{field.name}`",
                    field.type,
                    field.unit or "",
                    field.label_zh if lang == "zh" else field.label_en,
                    _description(field, lang),
                )
            )
            for field in fields
            if field.dataset == dataset
        ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    # < would open a tag (list<string>), | would open a cell
    safe = (cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells)
    return f"| {' | '.join(safe)} |"


def _description(field: Field, lang: Language) -> str:
    zh, _, en = field.description.partition(SEPARATOR)
    return _pick((zh, en or zh), lang)


def _pick(pair: tuple[str, str], lang: Language) -> str:
    return pair[0] if lang == "zh" else pair[1]
