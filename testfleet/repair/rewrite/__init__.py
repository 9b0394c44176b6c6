"""The `rewrite` engine: a catalogue of rewrite templates on the syntax tree.

Edits are stretches of the file's own text, so formatting, comments, line ends and tabs stay as they
are everywhere else.
"""

from testfleet.repair.rewrite.engine import RewriteEngine

__all__ = ["RewriteEngine"]
