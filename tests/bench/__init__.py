"""Figures of the real bot, held against a floor bot that does nothing but answer. `make bench` prints them."""
