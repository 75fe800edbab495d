"""Say which media can be read on this machine, what is missing and how to install it."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

_BASE = "guibiao"


@dataclass(frozen=True, slots=True)
class Availability:
    """One medium: whether it can be read here, and what to do where it cannot.

    ``suffixes`` are the usual file name endings; ``missing`` names the absent program or package, ``remedy_zh``
    and ``remedy_en`` say how to install it; all three are empty when ``readable``. ``is_base`` media need
    nothing but the package itself: one that is not readable means a broken installation.
    """

    name: str
    label_zh: str
    label_en: str
    suffixes: tuple[str, ...]
    readable: bool
    missing: str = ""
    remedy_zh: str = ""
    remedy_en: str = ""
    is_base: bool = True


@dataclass(frozen=True, slots=True)
class _Need:
    """Something that a medium needs: packages by import name, or a program that ``present`` looks for."""

    what: str
    present: Callable[[], bool]
    remedy_zh: str
    remedy_en: str
    is_base: bool = False


def _package(*modules: str, package: str = _BASE) -> _Need:
    """Return the need for Python packages, by their import names."""
    return _Need(
        what=", ".join(modules),
        present=lambda: all(_importable(module) for module in modules),
        remedy_zh=f"pip install {package}",
        remedy_en=f"pip install {package}",
        is_base=package == _BASE,
    )


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _has_libreoffice() -> bool:
    from pipeline.readers.libreoffice import find

    return find() is not None


def _has_rar_tool() -> bool:
    from shutil import which

    return any(which(tool) is not None for tool in ("unrar", "unar", "bsdtar", "7z", "7zz"))


_LIBREOFFICE = _Need(
    what="LibreOffice",
    present=_has_libreoffice,
    remedy_zh=(
        "Debian/Ubuntu：apt install libreoffice-writer-nogui libreoffice-calc-nogui；"
        "其他系统见 https://www.libreoffice.org/download/"
    ),
    remedy_en=(
        "Debian/Ubuntu: apt install libreoffice-writer-nogui libreoffice-calc-nogui; "
        "other systems: https://www.libreoffice.org/download/"
    ),
)
_RAR_TOOL = _Need(
    what="unrar, unar or bsdtar",
    present=_has_rar_tool,
    remedy_zh="Debian/Ubuntu：apt install unar libarchive-tools",
    remedy_en="Debian/Ubuntu: apt install unar libarchive-tools",
)

# name, zh, en, suffixes, needs
_MEDIA: tuple[tuple[str, str, str, tuple[str, ...], tuple[_Need, ...]], ...] = (
    ("txt", "纯文本", "plain text", (".txt",), ()),
    ("docx", "Word 文档", "Word document", (".docx", ".docm", ".dotx"), (_package("lxml"),)),
    ("doc", "Word 97-2003 文档", "Word 97-2003 document", (".doc", ".dot", ".wps"), (_package("olefile"),)),
    ("old_doc", "Word 6/95、Works 文档", "Word 6/95, Works document", (".doc", ".wps"), (_LIBREOFFICE,)),
    (
        "xlsx",
        "Excel 工作簿",
        "Excel workbook",
        (".xlsx", ".xlsm"),
        (_package("python_calamine", "openpyxl"),),
    ),
    ("xls", "Excel 97-2003 工作簿", "Excel 97-2003 workbook", (".xls", ".et"), (_package("xlrd"),)),
    ("html", "网页", "web page", (".html", ".htm"), (_package("selectolax"),)),
    ("mht", "单文件网页", "web archive", (".mht", ".mhtml"), (_package("selectolax"),)),
    ("pdf", "PDF（有文字层）", "PDF with a text layer", (".pdf",), (_package("pdfplumber", "pypdfium2"),)),
    ("ofd", "OFD 版式文档", "OFD (GB/T 33190)", (".ofd",), (_package("lxml"),)),
    (
        "scan",
        "PDF 扫描件和图片",
        "scanned PDF and images",
        (".pdf", ".png", ".jpg", ".tif"),
        (_package("rapidocr", "onnxruntime", "cv2", package="guibiao[ocr]"),),
    ),
    ("rtf", "RTF 文档", "RTF document", (".rtf",), (_LIBREOFFICE,)),
    (
        "odf",
        "OpenDocument 文档和表格",
        "OpenDocument text and spreadsheet",
        (".odt", ".ods"),
        (_LIBREOFFICE,),
    ),
    ("xml2003", "Excel 2003 XML 表格", "Excel 2003 XML spreadsheet", (".xml", ".xls"), (_LIBREOFFICE,)),
    ("zip", "ZIP 和 TAR 压缩包", "ZIP and TAR archives", (".zip", ".tar", ".tar.gz", ".tgz"), ()),
    ("7z", "7z 压缩包", "7z archive", (".7z",), (_package("py7zr", package="guibiao[7z]"),)),
    ("rar", "RAR 压缩包", "RAR archive", (".rar",), (_package("rarfile", package="guibiao[rar]"), _RAR_TOOL)),
)


def availability() -> list[Availability]:
    """Return every medium in a fixed order with what it lacks here; imports nothing heavy and runs nothing."""
    return [_look(*medium) for medium in _MEDIA]


def _look(
    name: str, label_zh: str, label_en: str, suffixes: tuple[str, ...], needs: tuple[_Need, ...]
) -> Availability:
    lacking = [need for need in needs if not need.present()]
    return Availability(
        name=name,
        label_zh=label_zh,
        label_en=label_en,
        suffixes=suffixes,
        readable=not lacking,
        missing=", ".join(need.what for need in lacking),
        remedy_zh="；".join(need.remedy_zh for need in lacking),
        remedy_en="; ".join(need.remedy_en for need in lacking),
        is_base=all(need.is_base for need in needs),
    )
