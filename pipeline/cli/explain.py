"""``guibiao explain``: one file's grids, drawn, with what every cell is and which rule line says so."""

from pathlib import Path

from rich.console import Console

from pipeline.cli.drawing import COLOURS, cut, draw
from pipeline.errors import SourceError
from pipeline.extractors import extract
from pipeline.matcher import match
from pipeline.model import Claim, Document, Form, Key, Lattice, Yield
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import open_document

_UNMATCHED = Claim("unmatched")


def explain(file: Path, rules: Path | None) -> int:
    """Print the grids of every document in a file; return 1 where one cannot be read."""
    console = Console(soft_wrap=True, highlight=False)
    index = Index(load_rulebook(rules))
    failed = False
    for path, document in open_document(file):
        if isinstance(document, SourceError):
            console.print(document.message(path), markup=False, style="red")
            failed = True
            continue
        _document(console, path, document, index)
    return 1 if failed else 0


def _document(console: Console, path: str, document: Document, index: Index) -> None:
    found = [(form, extract(form, index)) for form in match(document, index)]
    console.rule(f"{path}  {document.reader}  {len(document.grids)} 表格 grids  {len(found)} 表 forms")
    legend = "  ".join(f"[{colour}]{role}[/{colour}]" for role, colour in COLOURS.items())
    console.print(legend)
    claims: dict[Key, Claim] = {}
    for _form, yielded in found:
        for key, claim in yielded.claims.items():
            claims.setdefault(key, claim)
    uses: dict[Key, list[str]] = {}
    for form, yielded in found:
        _collect_uses(form, yielded, uses)
        title = (form.title or "无标题 untitled").strip()
        console.print(f"表 form {form.index}: {form.rule.name}  {title}  {yielded.forms.get('fiscal_year')}")
    roles = {key: claim.role for key, claim in claims.items()}
    for grid in document.grids:
        lattice = Lattice(grid)
        shown = {
            (grid.index, cell.row, cell.col): roles.get((grid.index, cell.row, cell.col), "unmatched")
            for cell in grid.cells
        }
        console.print(f"\ngrid {grid.index}  {grid.locator}", markup=False)
        for line in draw(lattice, shown, console.width):
            console.print(line, no_wrap=True, crop=False)
        _list(console, lattice, claims, uses)


def _collect_uses(form: Form, yielded: Yield, uses: dict[Key, list[str]]) -> None:
    for use in yielded.uses:
        place = "" if use.row_index is None else f"\\[{use.row_index}]"
        name = f"{use.dataset}{place}.{use.field}"
        known = uses.setdefault(use.key, [])
        if name not in known:
            known.append(name)


def _list(console: Console, lattice: Lattice, claims: dict[Key, Claim], uses: dict[Key, list[str]]) -> None:
    for cell in lattice.grid.cells:
        if not cell.text.strip():
            continue
        key = lattice.key(cell)
        claim = claims.get(key, _UNMATCHED)
        colour = COLOURS.get(claim.role, "white")
        what = claim.field or claim.reason or ""
        gave = ", ".join(uses.get(key, [])[:6])
        text = cut(cell.text, 28).replace("[", r"\[")
        console.print(
            f"  {cell.row:>3},{cell.col:<3} {text} [{colour}]{claim.role:<9}[/{colour}] "
            f"{what} {gave} {claim.match or ''} {claim.rule or ''}".rstrip()
        )
