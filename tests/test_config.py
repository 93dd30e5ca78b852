"""What holds the project together: Streamlit's options, the theme's contrast, the make targets, imports."""

import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config as streamlit_config
from streamlit.runtime.scriptrunner import script_runner

ROOT = Path(__file__).resolve().parents[1]
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
LIGHT, DARK = CONFIG["theme"]["light"], CONFIG["theme"]["dark"]
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
AA_TEXT, AA_GRAPHIC = 4.5, 3.0  # WCAG's contrast for text, and for the marks of a control


def options(table: dict, prefix: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from options(value, f"{prefix}{name}.")
        else:
            yield prefix + name


@pytest.mark.parametrize("name", list(options(CONFIG)))
def test_streamlit_knows_the_option(name):
    assert name in streamlit_config._config_options_template


def test_streamlit_still_obeys_the_hidden_option():
    assert "runner.postScriptGC" in inspect.getsource(script_runner)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_agrees_with_the_definition():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)


def backgrounds(theme: dict) -> list[str]:
    tables = theme, theme["sidebar"]
    return [table[name] for table in tables for name in table if name.endswith("ackgroundColor")]


@THEMES
@pytest.mark.parametrize("text", ["textColor", "linkColor", "primaryColor", "codeTextColor"])
def test_text_reads_well_on_every_background(theme, text):
    assert len(backgrounds(theme)) == 5
    for background in backgrounds(theme):
        assert contrast(theme[text], background) >= AA_TEXT, background


@THEMES
def test_a_caption_reads_well(theme):
    """Streamlit writes captions in the text colour at an opacity of 0.6."""
    for background in backgrounds(theme):
        pairs = [(int(theme["textColor"][i : i + 2], 16), int(background[i : i + 2], 16)) for i in (1, 3, 5)]
        seen = "#" + "".join(f"{round(0.6 * text + 0.4 * behind):02x}" for text, behind in pairs)
        assert contrast(seen, background) >= AA_TEXT, background


@THEMES
def test_a_white_mark_on_the_primary_colour_can_be_seen(theme):
    assert contrast("#FFFFFF", theme["primaryColor"]) >= AA_GRAPHIC


def targets() -> set[str]:
    return set(re.findall(r"^(\w+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_readmes_commands_are_targets():
    named = set(re.findall(r"\bmake (\w+)", (ROOT / "README.md").read_text()))
    assert {"run", "test"} <= named <= targets()


def test_an_old_python_is_refused_in_a_sentence(tmp_path):
    command = ["make", "--no-print-directory", "-f", ROOT / "Makefile", "PYTHON=false", ".venv/bin/python"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode != 0
    assert "This project needs Python 3.11 or newer" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_core_needs_no_screen():
    program = """
import importlib, pkgutil, sys
import attention_core
for module in pkgutil.walk_packages(attention_core.__path__, "attention_core."):
    importlib.import_module(module.name)
print(*sorted({"streamlit", "plotly", "pandas", "attention_ui"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
