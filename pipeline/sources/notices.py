"""What a scan left out on purpose, counted."""

from typing import NamedTuple

_EXAMPLES = 5
# kind -> (zh, en)
_WORDS = {
    "litter": ("个系统或临时文件已忽略", "system or temporary files left out"),
    "link": ("个链接未跟随", "links not followed"),
    "special": ("个特殊文件（套接字、管道、设备）已忽略", "special files (sockets, pipes, devices) left out"),
    "encrypted": ("个压缩包成员已加密", "archive members are encrypted"),
    "skipped": ("个输出目录未读取", "output folders not read"),
}


class _Kind(NamedTuple):
    total: int
    examples: tuple[str, ...]


class Notices:
    """Counts by kind with the first few paths; never more, however many files there are."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, kind: str, path: str) -> None:
        """Count one path of a kind."""
        count, examples = self._kinds.get(kind, _Kind(0, ()))
        self._kinds[kind] = _Kind(count + 1, (*examples, path) if count < _EXAMPLES else examples)

    def lines(self) -> tuple[str, ...]:
        """Return one line for each kind, in Chinese and English, sorted by kind."""
        found = []
        for kind, (count, examples) in sorted(self._kinds.items()):
            zh, en = _WORDS[kind]
            more = ", …" if count > len(examples) else ""
            found.append(f"{count} {zh} | {count} {en}: {', '.join(examples)}{more}")
        return tuple(found)
