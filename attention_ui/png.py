"""A button that saves a picture as PNG, as fine as print wants it; the browser paints it from the picture's SVG.

Vocabulary
    dots   how many pixels of the PNG make a metre on paper, as the part of a PNG file that says so (pHYs)
"""

import base64
import struct
import zlib
from pathlib import Path

import streamlit as st

from attention_ui.picture_file import size

_HERE = Path(__file__).parent
_DENSE = 300 / 96  # pixels of the PNG for one of the SVG: 300 dots per inch
_MOST = 16_000_000  # pixels that every browser can paint at once
_INCHES = 1 / 0.0254  # of a metre
_button = st.components.v2.component(
    "attention_png",
    html='<button type="button">Save as PNG</button><span role="status"></span>',
    css=(_HERE / "component_button.css").read_text(encoding="utf-8"),
    js=(_HERE / "png.js").read_text(encoding="utf-8"),
)


def png_button(svg: str, file: str) -> None:
    """A button for the PNG of a picture. svg: as `picture_file.svg` makes it; file: its name, without the ending."""
    _button(key=f"png.{file}", data={"svg": svg, "file": f"{file}.png", **measures(*size(svg))})


def measures(width: int, height: int) -> dict[str, int | str]:
    """Pixels across and down of the PNG for a picture of this size, and its dots: less fine, where it is very large."""
    dense = min(_DENSE, (_MOST / (width * height)) ** 0.5)
    per_metre = round(96 * dense * _INCHES)
    return {
        "width": round(width * dense),
        "height": round(height * dense),
        "dots": base64.b64encode(_part(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))).decode(),
    }


def _part(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG file: its length, kind, content and check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
