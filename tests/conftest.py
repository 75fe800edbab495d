"""What several tests share: the seed's files and one published run over them."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine must not fail a property: how long an example takes is no property of ours.
settings.register_profile("guibiao", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("guibiao")

SOURCE = Path(__file__).parent.parent / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"
os.environ.setdefault("PYTHONUTF8", "1")


@pytest.fixture(scope="session")
def seed_folder() -> Path:
    return SOURCE


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the seed in its three media once; return the workspace."""
    from pipeline.run import run

    workspace = tmp_path_factory.mktemp("published")
    run([SOURCE], workspace)
    return workspace


@pytest.fixture
def guibiao() -> list[str]:
    """Return the command as a new process would be started."""
    return [sys.executable, "-m", "pipeline.cli"]
