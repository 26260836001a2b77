"""The charts: what a dialog or a turn does, as tables, without any I/O. `flow.py` says how one is made."""
