"""Attention over a picture: it is cut into patches, and a patch is a token (Dosovitskiy et al. 2021).

Vocabulary
    picture   numbers from 0, empty, to 1, filled, one for each pixel [pixel_row pixel_col]
    patch     a square piece of it; its pixels, as one reads them, are a row of X: its features
    mixed     what each patch collects, put back where the patch stands: a picture again, where values are patches
"""

from attention_core import moves
from attention_core.programs.editing import names, renamed
from attention_core.programs.one_head import SELF_ATTENTION
from attention_core.trace import Program, Step


def over_patches(size: int, shape: tuple[int, int], program: Program = SELF_ATTENTION) -> Program:
    """The program up to its output, over patches of size × size pixels of a picture of this shape.

    A value has as many coordinates as a patch has pixels, so that the output is a picture, too. Raises ValueError when
    the patches do not fill the picture.
    """
    rows, cols = shape
    if size < 1 or rows % size or cols % size:
        raise ValueError(f"a picture of {rows} × {cols} pixels cannot be cut into patches of {size} × {size}")
    down, across = rows // size, cols // size
    cut = Step(
        "patches", r"X = \text{patches of } I",
        f"patches = picture.reshape({down}, {size}, {across}, {size}).swapaxes(1, 2).reshape({down * across}, "
        f"{size * size})", ("picture",), "pixel_row pixel_col -> query d_model", moves.patches(size),
        "patches", "The picture is cut into squares. The pixels of each, as one reads them, become a row: a token.",
        "how filled pixel {d_model} of patch {query} is",
    )  # fmt: skip
    together = Step(
        "mixed", r"I' = \text{rows of } O \text{ as patches}",
        f"mixed = output.reshape({down}, {across}, {size}, {size}).swapaxes(1, 2).reshape({rows}, {cols})",
        ("output",), "query d_v -> pixel_row pixel_col", moves.unpatched(size, cols),
        "picture, mixed", "What each patch collected, put back where the patch stands.",
        "what the pixel in row {pixel_row}, column {pixel_col} has become",
    )  # fmt: skip
    head = program[: names(program).index("output") + 1]
    return (cut, *renamed(head, {"x": "patches"}), together)
