"""Archives: one module per kind, each with ``MEDIA`` and ``members(file, name, budget)``.

``members`` yields what an archive holds in its own order, one member in memory at a time; it raises
SourceError where the archive cannot be opened or goes wrong midway, after the members that came well.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from pipeline.sources.containers import rars, sevenzip, streams, zips
from pipeline.sources.containers.member import Member
from pipeline.sources.limits import Budget

Opener = Callable[[BinaryIO, str, Budget], Iterator[Member]]
OPENERS: dict[str, Opener] = {
    media_type: module.members for module in (zips, streams, sevenzip, rars) for media_type in module.MEDIA
}

__all__ = ["OPENERS", "Member", "Opener"]
