"""Links that were cut short, edited by hand or made up, by what is wrong with them; and what the page must say of each.

Vocabulary
    packed   an `s` as the page writes it, with whatever in it
"""

import base64
import json
import zlib
from urllib.parse import quote

from attention_ui.link import LONGEST


def packed(**inner: object) -> str:
    text = json.dumps(inner).encode()
    return "1." + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


WHOLE = packed(edits={"w_q": ";;;;ln 3"}, causal=False)
DAMAGED = {
    "cut short": ("s=" + WHOLE[:-9], "cut short"),
    "edited by hand": ("s=" + WHOLE[:8] + "AAA" + WHOLE[11:], "Part of the link cannot be read"),
    "a later version": ("s=7.abc", "a newer app made"),
    "not packed at all": ("s=<script>alert(1)</script>", "Part of the link cannot be read"),
    "too long": ("s=1." + "A" * (LONGEST + 1), "characters long"),
    "a bomb": ("s=1." + quote(base64.urlsafe_b64encode(zlib.compress(b" " * 10**6))), "too large"),
    "code for a number": (
        "s=" + packed(edits={"w_q": "__import__('os')"}),
        "Part of the link cannot be read",
    ),
    "too many numbers": ("s=" + packed(edits={"w_q": "1;" * 99}), "which has 24"),
    "an unknown matrix": ("s=" + packed(edits={"nobody": "1"}), "nobody"),
    "an unknown step": ("s=" + packed(stage="nowhere"), "nowhere"),
    "a cell that is not there": ("s=" + packed(picked=["weights", 99, 0]), ""),
    "a temperature of 0": ("s=" + packed(temperature=0), "temperature"),
    "a switch of the wrong kind": ("s=" + packed(causal="yes"), "wrong kind"),
    "edits of the wrong kind": ("s=" + packed(edits=[1]), "edits"),
    "an unknown slip": ("s=" + packed(ablation="nothing"), "ablation"),
    "a list": (
        "s=" + "1." + base64.urlsafe_b64encode(zlib.compress(b"[1]")).decode().rstrip("="),
        "no settings",
    ),
    "an unknown example": ("example=nobody", "nobody"),
    "no sentence": ("sentence=", "empty"),
    "200 words": ("sentence=" + quote("word " * 200), "200 words"),
}
