"""How many tokens the rows of a release have: counted if a tokenizer is named, else bounded."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from statistics import median_low
from typing import Any

from clawtrain_assets.core.dataset import release_files
from clawtrain_assets.core.errors import UsageError

CUTOFFS = (2_048, 4_096, 8_192, 16_384, 32_768)  # the first is LLaMA-Factory's default
_PER_MESSAGE = 8  # tokens a chat template puts around a message, generously

Count = Callable[[str], int]


def load_tokenizer(file: Path | None) -> Count | None:
    """Counts tokens by a ``tokenizer.json``; None without a file. Raises UsageError."""
    if file is None:
        return None
    try:
        tokenizers: Any = import_module("tokenizers")
    except ImportError:
        raise UsageError(
            "[dataset] tokenizer needs the extra `tokens`: pip install 'clawtrain[tokens]'."
        ) from None
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001  the library raises bare Exception
        raise UsageError(
            f"[dataset] tokenizer: {file} is no tokenizer.json ({type(error).__name__}): take the "
            "one beside the model's weights."
        ) from None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def measure(directory: Path, count: Count | None) -> dict[str, Any]:
    """For the manifest: how the SFT rows in ``directory`` fit common sequence lengths.

    ``counted``: by the tokenizer, templates included as 8 tokens a message. Otherwise the numbers
    are upper bounds, so at least as many rows fit as are said to.
    """
    lengths = sorted(
        _tokens(line, count)
        for split in release_files.SPLITS
        for line in (directory / release_files.file_name("sft_sharegpt", split))
        .read_text("utf-8")
        .split("\n")
        if line
    )
    return {
        "counted": count is not None,
        "median": median_low(lengths) if lengths else 0,
        "longest": lengths[-1] if lengths else 0,
        "rows_within": {
            str(cutoff): sum(length <= cutoff for length in lengths) for cutoff in CUTOFFS
        },
    }


def table(found: Mapping[str, Any], rows: int) -> list[str]:
    """The dataset card's lines on lengths."""
    how = "" if found["counted"] else "at most "
    least = "" if found["counted"] else "at least "
    lines = [
        f"An example has {how}{found['median']:,} tokens in the median and {how}"
        f"{found['longest']:,} in the longest case"
        + ("." if found["counted"] else ", bounded by its bytes: no tokenizer was named."),
        "",
        "| sequence length | examples that fit |",
        "|---:|---:|",
    ]
    for cutoff, fitting in found["rows_within"].items():
        lines.append(f"| {int(cutoff):,} | {least}{fitting:,} of {rows:,} |")
    return lines


def _tokens(line: str, count: Count | None) -> int:
    if count is None:
        return release_files.tokens_bound(len(line.encode()))
    row = json.loads(line)
    texts = [row["system"], row["tools"], *(message["value"] for message in row["conversations"])]
    return sum(count(text) + _PER_MESSAGE for text in texts if text)
