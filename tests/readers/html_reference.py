"""A plain reader of HTML tables over lxml.html: the reference that the tests and the benchmark compare with.

It is written from the HTML standard's table model and shares no code with the product: a set of taken places
instead of column counters, recursion instead of one walk. It knows no layout tables, hidden elements or form
controls; what it is given has none.
"""

from lxml import html

BLOCKS = {
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "center",
    "body",
    "blockquote",
    "dl",
    "dt",
    "dd",
    "br",
    "hr",
}
SKIPPED = {"script", "style", "head", "title"}


def read(text):
    """Return ([(index, [(row, col, row_span, col_span, text)])], [(text, before_grid)])."""
    state = {"grids": [], "blocks": [], "buffer": []}
    root = html.document_fromstring(text)
    _walk(root, state)
    _flush(state)
    return state["grids"], state["blocks"]


def _flush(state):
    line = _collapse("".join(state["buffer"]))
    state["buffer"] = []
    if line:
        state["blocks"].append((line, len(state["grids"])))


def _collapse(text):
    words = [
        word for word in text.replace("\t", " ").replace("\n", " ").replace("\r", " ").split(" ") if word
    ]
    return " ".join(words).replace("\xa0", " ")


def _walk(element, state):
    if not isinstance(element.tag, str) or element.tag in SKIPPED:
        return
    if element.tag == "table":
        _flush(state)
        _table(element, state)
        return
    block = element.tag in BLOCKS
    if block:
        _flush(state)
    state["buffer"].append(element.text or "")
    for child in element:
        _walk(child, state)
        state["buffer"].append(child.tail or "")
    if block:
        _flush(state)


def _table(table, state):
    cells = []
    state["grids"].append((len(state["grids"]), cells))
    groups = []
    for child in table:
        if child.tag in ("tbody", "thead", "tfoot"):
            groups.append([row for row in child if row.tag == "tr"])
        elif child.tag == "tr":
            if not groups or groups[-1] is not state.get("loose"):
                state["loose"] = []
                groups.append(state["loose"])
            groups[-1].append(child)
    taken = set()
    top = 0
    for rows in groups:
        for number, row in enumerate(rows):
            col = 0
            for cell in row:
                if cell.tag not in ("td", "th"):
                    continue
                while (top + number, col) in taken:
                    col += 1
                width = int(cell.get("colspan", 1))
                height = int(cell.get("rowspan", 1)) or len(rows)
                height = min(height, len(rows) - number)
                width = next((k for k in range(1, width) if (top + number, col + k) in taken), width)
                taken.update((top + number + i, col + k) for i in range(height) for k in range(width))
                inner = {"grids": state["grids"], "blocks": [], "buffer": [], "loose": None}
                inner["buffer"].append(cell.text or "")
                for child in cell:
                    _walk(child, inner)
                    inner["buffer"].append(child.tail or "")
                _flush(inner)
                cells.append(
                    (top + number, col, height, width, "\n".join(line for line, _ in inner["blocks"]))
                )
                col += width
        top += len(rows)
    if not cells:
        state["grids"].pop()
