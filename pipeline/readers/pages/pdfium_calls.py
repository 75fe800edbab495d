"""PDFium's functions as plain calls on addresses.

The generated bindings convert and check every argument; a page has thousands of characters, and on addresses
the same calls cost a third. None of them blocks, so the interpreter lock is kept.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_UINT = ctypes.c_uint

# name -> result, arguments (PDFium public headers fpdf_text.h, fpdf_edit.h, fpdfview.h)
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "FPDF_LoadPage": (_POINTER, _POINTER, _INT),
    "FPDF_ClosePage": (None, _POINTER),
    "FPDF_GetPageBoundingBox": (_INT, _POINTER, _POINTER),
    "FPDFPage_GetRotation": (_INT, _POINTER),
    "FPDFPage_CountObjects": (_INT, _POINTER),
    "FPDFPage_GetObject": (_POINTER, _POINTER, _INT),
    "FPDFFormObj_CountObjects": (_INT, _POINTER),
    "FPDFFormObj_GetObject": (_POINTER, _POINTER, ctypes.c_ulong),
    "FPDFPageObj_GetType": (_INT, _POINTER),
    "FPDFPageObj_GetMatrix": (_INT, _POINTER, _POINTER),
    "FPDFPageObj_GetBounds": (_INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER),
    "FPDFPageObj_GetFillColor": (_INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER),
    "FPDFPath_GetDrawMode": (_INT, _POINTER, _POINTER, _POINTER),
    "FPDFPath_CountSegments": (_INT, _POINTER),
    "FPDFPath_GetPathSegment": (_POINTER, _POINTER, _INT),
    "FPDFPathSegment_GetPoint": (_INT, _POINTER, _POINTER, _POINTER),
    "FPDFPathSegment_GetType": (_INT, _POINTER),
    "FPDFPathSegment_GetClose": (_INT, _POINTER),
    "FPDFTextObj_GetTextRenderMode": (_INT, _POINTER),
    "FPDFPage_GetAnnotCount": (_INT, _POINTER),
    "FPDFPage_GetAnnot": (_POINTER, _POINTER, _INT),
    "FPDFPage_CloseAnnot": (None, _POINTER),
    "FPDFAnnot_GetSubtype": (_INT, _POINTER),
    "FPDFAnnot_GetRect": (_INT, _POINTER, _POINTER),
    "FPDFAnnot_GetFormFieldType": (_INT, _POINTER, _POINTER),
    "FPDFAnnot_GetFormFieldValue": (ctypes.c_ulong, _POINTER, _POINTER, _POINTER, ctypes.c_ulong),
    "FPDFText_LoadPage": (_POINTER, _POINTER),
    "FPDFText_ClosePage": (None, _POINTER),
    "FPDFText_CountChars": (_INT, _POINTER),
    "FPDFText_GetText": (_INT, _POINTER, _INT, _INT, _POINTER),
    "FPDFText_GetUnicode": (_UINT, _POINTER, _INT),
    "FPDFText_HasUnicodeMapError": (_INT, _POINTER, _INT),
    "FPDFText_GetLooseCharBox": (_INT, _POINTER, _INT, _POINTER),
    "FPDFText_GetCharAngle": (ctypes.c_float, _POINTER, _INT),
    "FPDFText_GetTextObject": (_POINTER, _POINTER, _INT),
    "FPDFText_GetFontInfo": (ctypes.c_ulong, _POINTER, _INT, _POINTER, ctypes.c_ulong, _POINTER),
}


@cache
def call(name: str) -> Callable[..., Any]:
    """Return one function of the library, to be called with addresses and numbers."""
    import pypdfium2.raw as raw

    result, *arguments = _SIGNATURES[name]
    address = ctypes.cast(getattr(raw, name), _POINTER).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


def floats(count: int) -> tuple[Any, int]:
    """Return an array of so many 32-bit floats and its address."""
    array = (ctypes.c_float * count)()
    return array, ctypes.addressof(array)


def integers(count: int) -> tuple[Any, int]:
    """Return an array of so many C integers and its address."""
    array = (ctypes.c_int * count)()
    return array, ctypes.addressof(array)
