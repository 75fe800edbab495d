"""The vocabulary that all stages share: frozen, slotted hand-over types; standard library only."""

from pipeline.model.document import Block, Cell, Document, Grid, Source, full_cells
from pipeline.model.rules import Check, Field

__all__ = ["Block", "Cell", "Check", "Document", "Field", "Grid", "Source", "full_cells"]
