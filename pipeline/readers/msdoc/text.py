"""Make the text of a paragraph or cell out of Word's characters."""

import re

# Characters with a meaning of Word's own (section 2.4.1). A no-break hyphen prints as a hyphen, an optional
# one does not; a column break breaks the line. Pictures, note references and drawing anchors have no text.
_WORD = {code: None for code in range(0x20) if code != 0x09} | {
    0x0B: "\n",
    0x0E: "\n",
    0x0C: "\n",
    0x0A: "\n",
}
_WORD |= {0x1E: "-", 0x0D: "\n", 0x7F: None}
_TABLE = str.maketrans(_WORD)
_HALVES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return printable text: Word's marks translated, surrogate halves joined, lone ones made U+FFFD."""
    if text.isprintable():
        return text
    text = text.translate(_TABLE)
    if _HALVES.search(text) is not None:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
