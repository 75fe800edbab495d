"""Walk folders, open archives, sniff what bytes are and hash them: INPUTS -> SOURCES."""

from pipeline.sources.limits import Limits
from pipeline.sources.scan import Refusal, Scan
from pipeline.sources.sniffing import sniff

__all__ = ["Limits", "Refusal", "Scan", "sniff"]
