"""What all tests share: where the repository stands, how Hypothesis searches, what Streamlit looks up but once."""

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

# No deadline: on a machine that also runs browsers, a slow example says nothing about the code. With CI=true
# the examples are the same every time; at a desk each run looks somewhere new.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")

# Each AppTest looks through every installed package for components, which takes longer than a page does.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return Path(__file__).resolve().parents[1]
