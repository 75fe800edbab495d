"""The values of a PDF's form fields (AcroForm): shown on the page, but no part of its text."""

import ctypes

from pipeline.model.document import BBox
from pipeline.readers.pages.pdfium_calls import call, floats

_WIDGET = 20
# text, choice and list fields; buttons hold no text
_TEXTUAL = frozenset((4, 5, 6))
_LONGEST = 1 << 20


def field_values(form: int, page: int) -> list[tuple[str, BBox]]:
    """Return the value and box (left, top, right, bottom in user space) of each filled text field of a page."""
    found: list[tuple[str, BBox]] = []
    for number in range(call("FPDFPage_GetAnnotCount")(page)):
        annotation = call("FPDFPage_GetAnnot")(page, number)
        if not annotation:
            continue
        try:
            if call("FPDFAnnot_GetSubtype")(annotation) != _WIDGET:
                continue
            if call("FPDFAnnot_GetFormFieldType")(form, annotation) not in _TEXTUAL:
                continue
            value = _value(form, annotation)
            box, at = floats(4)
            if value.strip() and call("FPDFAnnot_GetRect")(annotation, at):
                left, top, right, bottom = box
                found.append((value, (left, max(top, bottom), right, min(top, bottom))))
        finally:
            call("FPDFPage_CloseAnnot")(annotation)
    return found


def _value(form: int, annotation: int) -> str:
    size = call("FPDFAnnot_GetFormFieldValue")(form, annotation, None, 0)
    if not 2 < size <= _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call("FPDFAnnot_GetFormFieldValue")(form, annotation, ctypes.addressof(buffer), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")
