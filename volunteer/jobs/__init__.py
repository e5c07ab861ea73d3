"""Timed calls into services, and the runner that makes them.

A job is taken by compare-and-swap, so two runners are harmless, and works in chunks that are
each their own transaction and safe to repeat.
"""
