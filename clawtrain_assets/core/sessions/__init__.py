"""Reading agents' history: files and databases in, attributed turns out."""
