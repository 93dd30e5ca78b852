"""Terms beside prose: a row of small buttons, each opening what a word means.

Vocabulary
    term     a word of attention_core.glossary; a matrix's name ("scores") or a symbol's leads to it, too
    row      the terms of a paragraph, side by side, under it

The buttons are Streamlit's popovers: Tab reaches them, Enter opens them, Escape closes them, all in the browser.
"""

import streamlit as st

from attention_core.glossary import GLOSSARY, Term
from attention_core.glossary import term as look_up


def term(name: str) -> None:
    """A button that opens one term. Raises KeyError for a name that the glossary does not have."""
    entry = look_up(name)
    with st.popover(entry.name, type="tertiary", width="content"):
        _explain(entry)


def terms(*names: str) -> None:
    """A compact row of terms, in this order; two names of one term make one button."""
    entries = dict.fromkeys(look_up(name).name for name in names)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Words:", width="content")
        for name in entries:
            term(name)


def glossary() -> None:
    """Every term, in alphabetical order, behind one heading that opens: for the index of the lessons."""
    with st.expander(f"Glossary: {len(GLOSSARY)} terms", icon=":material/menu_book:"):
        for name in sorted(GLOSSARY, key=str.casefold):
            _explain(GLOSSARY[name], related=False)


def _explain(entry: Term, related: bool = True) -> None:
    """One term as text; related terms follow with their first sentence, for a popover cannot open another."""
    symbol = f" ${entry.symbol}$" if entry.symbol else ""
    st.markdown(f"**{_plain(entry.name)}**{symbol}  \n{_plain(entry.says)}")
    if entry.contested:
        st.markdown(f"*Contested:* {_plain(entry.contested)}")
    if related:
        lines = (f"- **{_plain(other.name)}**: {_plain(_first(other.says))}" for other in map(look_up, entry.see))
        st.caption("See also\n\n" + "\n".join(lines))


def _first(says: str) -> str:
    """The first sentence."""
    return says.partition(". ")[0].rstrip(".") + "."


def _plain(text: str) -> str:
    """Text that Markdown leaves alone: d_k stays d_k."""
    return text.replace("_", r"\_")
