"""The same eight matrices as on the page of one head, each drawn as a Plotly heatmap with numbers in its cells."""

import plotly.graph_objects as go
import streamlit as st

from attention_core.numerals import decimal
from attention_ui.document import Document, compute

st.session_state.setdefault("number", 3)


def change() -> None:
    st.session_state["number"] = 8 - st.session_state["number"]  # 3, 5, 3, 5, ...


st.button("Change", on_click=change)
head = compute(Document().with_cells("w_q", {(1, 0): str(st.session_state["number"])}))
for name in ("q", "k", "v", "scores", "masked", "exps", "weights", "output"):
    values = head.matrix(name).value
    numbers = [[decimal(value) for value in row] for row in values.tolist()]
    heat = go.Heatmap(z=values, text=numbers, texttemplate="%{text}", showscale=False)
    figure = go.Figure(heat, {"height": 60 + 40 * len(values), "margin": {"l": 10, "r": 10, "t": 10, "b": 10}})
    st.plotly_chart(figure, key=name)
