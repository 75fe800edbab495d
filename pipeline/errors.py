"""The errors that stop something, named for who must act, with their words in Chinese and English."""

from dataclasses import dataclass

# code -> (what happened zh, remedy zh, what happened en, remedy en)
SOURCE_CODES: dict[str, tuple[str, str, str, str]] = {
    "empty_file": (
        "文件为空（0 字节）",
        "请重新下载或复制该文件",
        "the file is empty (0 bytes)",
        "download or copy it again",
    ),
    "not_found": ("文件或目录不存在", "请检查路径", "no such file or directory", "check the path"),
    "unreadable": ("无法打开文件", "请检查文件权限", "the file cannot be opened", "check its permissions"),
    "truncated": ("文件不完整", "请重新下载或复制该文件", "the file is cut off", "download or copy it again"),
    "corrupt": (
        "文件已损坏",
        "请用原软件打开并另存后重试",
        "the file is damaged",
        "open it in its own program, save it again and retry",
    ),
    "encrypted": ("文件已加密", "请去除密码后重试", "the file is encrypted", "remove the password and retry"),
    "needs_ocr": (
        "是扫描件或图片，没有文字层",
        "安装文字识别组件后重试：pip install guibiao[ocr]",
        "a scan or an image, without a text layer",
        "install the OCR extra and retry: pip install guibiao[ocr]",
    ),
    "needs_libreoffice": (
        "该格式需要 LibreOffice 转换",
        "请安装 LibreOffice（Debian/Ubuntu：apt install libreoffice-writer-nogui libreoffice-calc-nogui）",
        "this format needs LibreOffice",
        "install LibreOffice (Debian/Ubuntu: apt install libreoffice-writer-nogui libreoffice-calc-nogui)",
    ),
    "needs_extra": (
        "缺少读取该格式的组件",
        "请安装所需组件",
        "a component that reads this format is missing",
        "install it",
    ),
    "old_format": (
        "旧版格式（Word 6/95 等）不能直接读取",
        "请安装 LibreOffice（Debian/Ubuntu：apt install libreoffice-writer-nogui），或另存为 .docx 后重试",
        "an old format (Word 6/95 or the like) that is not read natively",
        "install LibreOffice (Debian/Ubuntu: apt install libreoffice-writer-nogui), or save it as .docx and retry",
    ),
    "unsupported": (
        "不支持的文件类型",
        "请另存为 docx、xlsx、pdf 或 txt 后重试",
        "this type of file is not supported",
        "save it as docx, xlsx, pdf or txt and retry",
    ),
    "undecodable": (
        "文字编码无法识别",
        "请另存为 UTF-8 后重试",
        "the text encoding cannot be recognised",
        "save it as UTF-8 and retry",
    ),
    "too_large": (
        "超过大小限制",
        "请检查是否为压缩炸弹；确有需要时提高限制",
        "over the size limit",
        "check whether it is a decompression bomb; raise the limit if it is meant",
    ),
    "timeout": ("处理超时", "请单独重试该文件", "processing took too long", "retry the file alone"),
    "memory": (
        "处理时内存超限",
        "请单独重试该文件，或检查文件是否异常",
        "processing took too much memory",
        "retry the file alone, or look whether it is a bomb",
    ),
    "crash": (
        "读取进程崩溃",
        "请单独重试该文件；仍失败请反馈给我们",
        "the reading process crashed",
        "retry the file alone; if it fails again, report it",
    ),
    "internal": (
        "程序内部错误",
        "请把该文件和本信息反馈给我们",
        "an internal error",
        "please report this file and this message",
    ),
}


class GuibiaoError(Exception):
    """Anything of ours that means "cannot go on"."""


class SourceError(GuibiaoError):
    """One document or container cannot be read; the run goes on without it.

    ``code`` is one of SOURCE_CODES, ``place`` where in the file, ``detail`` what exactly was seen.
    """

    def __init__(self, code: str, *, place: str = "", detail: str = "") -> None:
        if code not in SOURCE_CODES:
            raise ValueError(f"unknown source error code {code!r}")
        super().__init__(code, place, detail)
        self.code = code
        self.place = place
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle across processes with the keyword arguments kept."""
        return _rebuild, (self.code, self.place, self.detail)

    def message(self, path: str) -> str:
        """Return one line that names the file, the place and the remedy, in Chinese and English."""
        what_zh, cure_zh, what_en, cure_en = SOURCE_CODES[self.code]
        where = f"{path} {self.place}".strip()
        detail = f" ({self.detail})" if self.detail else ""
        return f"{where}: {what_zh}{detail}；{cure_zh} | {what_en}; {cure_en}"

    def __str__(self) -> str:
        return self.message("-")


def _rebuild(code: str, place: str, detail: str) -> SourceError:
    return SourceError(code, place=place, detail=detail)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of the rules with its place; line and column are 1-based."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class RuleError(GuibiaoError):
    """The rules are wrong; all faults at once."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class StoreError(GuibiaoError):
    """The workspace cannot be read or written."""


class OutputError(GuibiaoError):
    """A result cannot be written."""
