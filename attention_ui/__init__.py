"""Streamlit components and state: everything that a page calls and no mathematics."""
