"""Attention, step by step: the entry point. `streamlit run app.py` starts here; the lessons live in pages/."""

from attention_ui.lesson import run_page

run_page()
