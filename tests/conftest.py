"""What all tests share: where the repository stands, and how Hypothesis searches."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: on a machine that also runs browsers, a slow example says nothing about the code. With CI=true
# the examples are the same every time; at a desk each run looks somewhere new.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return Path(__file__).resolve().parents[1]
