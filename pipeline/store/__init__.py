"""What lies where in the workspace: data files, snapshots and the switch that makes one current."""

from pipeline.store.workspace import Workspace

__all__ = ["Workspace"]
