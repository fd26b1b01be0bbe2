"""Training examples: selection, trainer formats, validation, releases."""
