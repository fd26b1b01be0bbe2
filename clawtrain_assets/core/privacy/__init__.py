"""Finding and replacing what must not leave the machine, and proving it."""
