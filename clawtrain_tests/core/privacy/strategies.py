"""Values made fresh for every example: nothing here is a sample anybody published."""

import random
import string

from hypothesis import strategies as st

ALNUM = string.ascii_letters + string.digits


def body(size: int, alphabet: str = ALNUM) -> st.SearchStrategy[str]:
    """A token body with digits and letters, varied as generated ones are."""
    return st.text(alphabet, min_size=size, max_size=size).filter(
        lambda text: (
            len(set(text)) > size // 3
            and any(char.isdigit() for char in text)
            and any(char.islower() for char in text)
            and any(char.isupper() for char in text)
        )
    )


def generated(size: int, alphabet: str = ALNUM) -> st.SearchStrategy[str]:
    """A run as a generator makes it; a failing example is not made simpler, which none is."""
    return (
        st.integers(0, 2**64)
        .map(lambda seed: "".join(random.Random(seed).choices(alphabet, k=size)))
        .filter(lambda text: sum(char.isdigit() for char in text) > size // 12)
    )


tokens = st.one_of(
    body(36).map(lambda text: f"ghp_{text}"),
    body(80).map(lambda text: f"sk-ant-api03-{text}"),
    body(48).map(lambda text: f"sk-proj-{text}"),
    body(24).map(lambda text: f"sk_live_{text}"),
    body(36).map(lambda text: f"npm_{text}"),
    body(35).map(lambda text: f"AIza{text}"),
)
passwords = st.tuples(body(9), st.sampled_from("!#%*_")).map("".join)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
