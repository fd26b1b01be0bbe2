"""Lists of words as they are easiest to read and keep: in running text."""


def words(listing: str) -> tuple[str, ...]:
    """The words of a listing, split at blanks."""
    return tuple(listing.split())


def phrases(listing: str) -> tuple[str, ...]:
    """The phrases of a listing, split at ``|``; blanks belong to the phrases."""
    return tuple(listing.split("|"))
