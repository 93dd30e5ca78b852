"""The matrices of a page, to take home: as scripts, a notebook, tables, or all numbers in one file.

Each file is made when it is asked for, of the matrices as they then stand: what is typed into them does not run the
page again, and so would not be known when the buttons are drawn.
"""

import io
import zipfile
from collections.abc import Callable, Mapping

import streamlit as st

from attention_core import export
from attention_core.trace import Trace
from attention_ui.board import picture
from attention_ui.document import compute
from attention_ui.lesson import notice
from attention_ui.page_file import PageError, read_page, write_page
from attention_ui.picture import Picture
from attention_ui.picture_file import svg
from attention_ui.session import Visit, load, visit
from attention_ui.slices import drawn_names, file_name
from attention_ui.standalone import standalone
from attention_ui.teach import WIDTH
from attention_ui.worksheet import KINDS, PAPERS, worksheet


def zipped(trace: Trace) -> bytes:
    """Every matrix, given or made, as a CSV file of its name, in one archive."""
    return _archive({f"{name}.csv": export.to_csv(trace, name) for name in (*trace.given, *trace)})


def pictures(shown: Picture) -> bytes:
    """Every figure of the page as an SVG file of its name, in one archive; the figures of several heads by number."""
    names = [
        drawn for of in (*shown.head.trace.given, *shown.head.trace) for drawn in drawn_names(shown.head.matrix(of))
    ]
    return _archive({f"{file_name(name)}.svg": svg(shown, name) for name in names})


def _archive(files: Mapping[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, text in files.items():
            folder.writestr(name, text)
    return archive.getvalue()


def _of_trace(make: Callable[[Trace], str | bytes]) -> Callable[[Picture], str | bytes]:
    return lambda shown: make(shown.head.trace)


_FILES: Mapping[str, tuple[str, str, Callable[[Picture], str | bytes]]] = {  # by label: how a name ends, kind, contents
    "NumPy script": (".py", "text/x-python", _of_trace(export.to_numpy)),
    "PyTorch script": (".torch.py", "text/x-python", _of_trace(export.to_torch)),
    "Jupyter notebook": (".ipynb", "application/x-ipynb+json", _of_trace(export.to_notebook)),
    "Tables (CSV, zipped)": (".zip", "application/zip", _of_trace(zipped)),
    "Pictures (SVG, zipped)": (".pictures.zip", "application/zip", pictures),
    "All numbers (JSON)": (".json", "application/json", _of_trace(export.to_json)),
}


def take_home(name: str, title: str) -> None:
    """A button for each kind of file. name: of the lesson, which the files are called after."""
    now = visit()  # one object for as long as the visit lasts: a file is made of what it holds when it is asked for

    def contents(make: Callable[[Picture], str | bytes]) -> Callable[[], str | bytes]:
        return lambda: make(picture(now))

    st.markdown("The matrices above as they stand now, with your numbers. Scripts and notebook compute them again by "
                "themselves, line by line. The interactive page still says of every cell where it comes from. None of "
                "them needs this app.", width=WIDTH)  # fmt: skip
    page = (".html", "text/html", lambda shown: standalone(title, shown))
    with st.container(horizontal=True, width=WIDTH):
        for label, (ending, mime, make) in (*_FILES.items(), ("Interactive page (HTML)", page)):
            st.download_button(label, contents(make), f"attention-{name}{ending}", mime, key=f"{name}.take{ending}",
                               on_click="ignore", icon=":material/download:")  # fmt: skip
    _page_file(name, now)
    _worksheets(name, title, now)


def _page_file(name: str, now: Visit) -> None:
    """The page as a file, where a link would be too long; and the field that opens one."""
    st.markdown("Or this page itself, with all that you set and typed. Open the file here, and it stands as it stood.",
                width=WIDTH)  # fmt: skip
    st.download_button("Save this page as a file", lambda: write_page(name, now.document, now.view),
                       f"attention-{name}.page.json", "application/json", key=f"{name}.page", on_click="ignore",
                       icon=":material/download:")  # fmt: skip
    key = f"{name}.page.open"
    st.file_uploader("Open a page that was saved", "json", key=key, max_upload_size=5, width=WIDTH,
                     on_change=_opened, args=(name, key))  # fmt: skip
    if problem := st.session_state.get(f"{key}.problem", ""):
        notice(f"{problem} What was here stays.")


def _opened(name: str, key: str) -> None:
    """A file was chosen, or taken away again."""
    file, now = st.session_state[key], visit()
    st.session_state[f"{key}.problem"] = ""
    if file is None:
        return
    try:
        document, view = read_page(name, file.getvalue(), now.document.plain)
        load(document, "The page as it was saved. Undo brings yours back.", view)
    except PageError as error:
        st.session_state[f"{key}.problem"] = str(error)


def _worksheets(name: str, title: str, now: Visit) -> None:
    """A sheet for a class, and its answers, to be printed."""
    st.markdown("For a class, on paper: these matrices with cells to fill in, and the exercises below them. Each "
                "variant leaves other cells blank, and has other numbers in the exercises.", width=WIDTH)  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", width=WIDTH):
        kinds = [kind for kind in KINDS if kind != "solved"]
        kind = st.segmented_control("Worksheet", kinds, format_func=KINDS.get, default=kinds[0], required=True,
                                    key=f"{name}.sheet")  # fmt: skip
        variant = st.number_input("Variant", 0, 999, key=f"{name}.variant", width=130)
        paper = st.segmented_control("Paper", PAPERS, default=PAPERS[0], required=True, key=f"{name}.paper")

        def sheet(kind: str) -> Callable[[], str]:
            return lambda: worksheet(title, compute(now.document).trace, name, kind, variant, paper)

        for label, drawn, ending in (("Worksheet", kind, "worksheet"), ("Answer key", "solved", "answers")):
            st.download_button(label, sheet(drawn), f"attention-{name}-{ending}-{variant}.html", "text/html",
                               key=f"{name}.{ending}", on_click="ignore", icon=":material/print:")  # fmt: skip
