"""gptbot: a self-hosted Telegram bot for ChatGPT-style models."""

VERSION = "1.0.0"
"""The same as in pyproject.toml; a test compares them."""
