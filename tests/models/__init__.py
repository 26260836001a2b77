"""Model-based tests: Hypothesis drives the real thing and a simple model of it side by side, through crashes."""
