"""What of a lesson's matrices is not ours any more, in words, and the way back: no sentence is to tell of others.

Vocabulary
    departure   a setting that is not as we set it, or matrices that were typed into: half a sentence
    own         the settings that a section of the page is about: there they are no departure
"""

import streamlit as st

from attention_ui.editable import letter_text
from attention_ui.readings import listed_words
from attention_ui.session import set_ours, visit


def departures(*own: str) -> list[str]:
    """How the matrices of this page are not ours, but for a section's own settings."""
    sheet = visit().document
    kept = {name: value for name, value in sheet.settings.items() if name in own}
    found = sheet.told(sheet.plain.with_settings(**kept))
    typed = [letter_text(name) for name in sheet.editable if sheet.edits.get(name)]
    if typed:
        found.append(f"you typed into {listed_words(typed)}")
    if sheet.edits.get("mask"):
        found.append("you painted the mask")
    return found


def told(usual: str) -> None:
    """Above the matrices: how the page tells of numbers; once they are not ours, how they differ, in the same place."""
    found = departures()
    back = "The text may differ from the matrices; Reset brings ours back."
    st.caption(f"**Not our numbers any more:** {listed_words(found)}. {back}" if found else usual)


def again(section: str, *own: str) -> None:
    """Beside what follows the matrices in a section: how they are not ours, and a button; nothing while they are."""
    if found := departures(*own):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f"**Not our numbers above:** {listed_words(found)}. So what follows may differ from the text.",
                width="content",
            )
            st.button("Our numbers again", key=f"ours.{section}", on_click=set_ours, args=own)
