"""The `fanlight` command: its grammar, its exit codes and its words to people."""

from fanlight.cli.app import main

__all__ = ["main"]
