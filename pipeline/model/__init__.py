"""The vocabulary that all stages share: frozen, slotted hand-over types; standard library only."""

from pipeline.model.document import BBox, Block, Cell, Document, Grid, Source, full_cells
from pipeline.model.form import Claim, Column, Form, Hit, Line, Pair, Problem, Table, Use, Yield
from pipeline.model.lattice import Key, Lattice
from pipeline.model.output import CONTRACT_VERSION, PARTITION, UNKNOWN_PARTITION, DataFile
from pipeline.model.rules import (
    Check,
    Entry,
    Field,
    FormRule,
    LabelRule,
    RowRule,
    Rulebook,
    Section,
    Spelling,
    TotalRule,
    Vocabulary,
)

__all__ = [
    "CONTRACT_VERSION",
    "PARTITION",
    "UNKNOWN_PARTITION",
    "DataFile",
    "BBox",
    "Block",
    "Cell",
    "Check",
    "Claim",
    "Column",
    "Document",
    "Entry",
    "Field",
    "Form",
    "FormRule",
    "Grid",
    "Hit",
    "Key",
    "LabelRule",
    "Lattice",
    "Line",
    "Pair",
    "Problem",
    "RowRule",
    "Rulebook",
    "Section",
    "Source",
    "Spelling",
    "Table",
    "TotalRule",
    "Use",
    "Vocabulary",
    "Yield",
    "full_cells",
]
