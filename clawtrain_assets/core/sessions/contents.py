"""Bytes of the archive: reading a file that may change meanwhile, and joining blobs again."""

import hashlib
import io
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private
from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.entries import epoch_ms
from clawtrain_assets.core.sessions.sources import Found

_CHUNK = 4 << 20
_BUFFER = 128 << 10
_ATTEMPTS = 3
_TIMES = re.compile(rb'"timestamp":\s?(?:(\d{13})\b|"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")')


class Known(NamedTuple):
    """A content the archive already has."""

    id: int
    path: str
    size: int
    sha256: str
    mtime_ns: int
    inode: int

    def untouched(self, found: Found, changed_ns: int) -> bool:
        """Whether the file on disk is still the one this was read from, by its metadata."""
        same_size = MARK in found.path or self.size == found.stat.st_size
        return same_size and (self.mtime_ns, self.inode) == (changed_ns, found.stat.st_ino)


class Measured(NamedTuple):
    """A file as read: its hash, the longest known content it starts with, the blob of the rest."""

    size: int
    sha256: str
    base: Known | None
    blob: str | None
    fresh: int
    first_ms: int | None
    last_ms: int | None


class Blobs:
    """Immutable byte strings by their SHA-256, below one directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        return self._root / name[:2] / name

    def capture(self, stream: BinaryIO, candidates: Sequence[Known]) -> Measured:
        """Store what ``stream`` holds beyond the longest candidate it starts with.

        Reads up to the size the file has now. Every byte is hashed on the first pass and the new
        ones again while they are copied: a file rewritten in between is read anew, and raises
        ClawtrainError if it never comes to rest.
        """
        for _ in range(_ATTEMPTS):
            size = os.fstat(stream.fileno()).st_size
            stream.seek(0)
            measured, state = _measure(stream, size, candidates)
            if not measured.fresh:
                return measured
            stream.seek(measured.size - measured.fresh)
            blob = self._copy(stream, measured.fresh, state, measured.sha256)
            if blob is not None:
                return measured._replace(blob=blob)
        raise ClawtrainError("it is being rewritten all the time")

    def _copy(
        self, stream: BinaryIO, count: int, state: "hashlib._Hash", expected: str
    ) -> str | None:
        """Write ``count`` bytes as a blob; None if they are not those that were measured."""
        make_private(self._root)
        temporary = self._root / f"incoming-{uuid.uuid4().hex}"
        own = hashlib.sha256()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as target:
                while count and (chunk := stream.read(min(_CHUNK, count))):
                    count -= len(chunk)
                    state.update(chunk)
                    own.update(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            if state.hexdigest() != expected:
                temporary.unlink()
                return None
            final = self.path(own.hexdigest())
            final.parent.mkdir(exist_ok=True, mode=0o700)
            temporary.replace(final)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        for folder in (final.parent, self._root):
            directory = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        return own.hexdigest()

    def open(self, parts: Sequence[tuple[str, int]], what: str) -> BinaryIO:
        """One seekable stream over several blobs; raises ClawtrainError if one is missing."""
        paths = [(self.path(blob), size) for blob, size in parts]
        for path, size in paths:
            if not path.exists() or path.stat().st_size != size:
                raise ClawtrainError(
                    f"The archive lost part of {what}: restore {path.name} from a backup."
                )
        if len(paths) == 1:
            return paths[0][0].open("rb", buffering=_BUFFER)
        return io.BufferedReader(_Joined(paths), buffer_size=_BUFFER)

    def sweep(self, used: set[str]) -> None:
        """Delete blobs that nothing names, and what a killed capture left."""
        for path in self._root.glob("incoming-*"):
            path.unlink(missing_ok=True)
        for path in self._root.glob("??/*"):
            if path.name not in used:
                path.unlink(missing_ok=True)


def _measure(
    stream: BinaryIO, size: int, candidates: Iterable[Known]
) -> tuple[Measured, "hashlib._Hash"]:
    """Hash a file and find its base; the hash state is the one after the base."""
    by_size: dict[int, list[Known]] = {}
    for known in candidates:
        if 0 < known.size <= size:
            by_size.setdefault(known.size, []).append(known)
    marks = sorted(by_size, reverse=True)
    whole = hashlib.sha256()
    state = whole.copy()
    base: Known | None = None
    times = _TimeRange()
    position = 0
    while position < size:
        while marks and marks[-1] <= position:
            marks.pop()
        until = min(size, marks[-1] if marks else size)
        chunk = stream.read(min(_CHUNK, until - position))
        if not chunk:
            break
        whole.update(chunk)
        position += len(chunk)
        times.scan(chunk)
        if position in by_size:
            digest = whole.hexdigest()
            match = [known for known in by_size[position] if known.sha256 == digest]
            if match:
                base, state = match[0], whole.copy()
    fresh = position - (base.size if base else 0)
    measured = Measured(position, whole.hexdigest(), base, None, fresh, times.first, times.last)
    return measured, state


class _TimeRange:
    """First and last time named in the bytes of a transcript (epoch ms)."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self._tail = b""

    def scan(self, chunk: bytes) -> None:
        data = self._tail + chunk
        self._tail = data[-48:]
        for match in _TIMES.finditer(data):
            number, text = match.groups()
            ms = int(number) if number else epoch_ms(text.decode())
            if ms is not None:
                self.first = ms if self.first is None else min(self.first, ms)
                self.last = ms if self.last is None else max(self.last, ms)


class _Joined(io.RawIOBase):
    """Blobs read one after the other."""

    def __init__(self, parts: list[tuple[Path, int]]) -> None:
        self._parts = parts
        self._size = sum(size for _, size in parts)
        self._position = 0
        self._stream: io.FileIO | None = None
        self._range = (0, 0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        first, end = self._range
        if self._stream is None or not first <= self._position < end:
            self._stream = self._select()
            first, end = self._range
        self._stream.seek(self._position - first)
        count = self._stream.readinto(memoryview(buffer)[: end - self._position]) or 0
        self._position += count
        return count

    def _select(self) -> io.FileIO:
        if self._stream is not None:
            self._stream.close()
        start = 0
        for path, size in self._parts:
            if start <= self._position < start + size:
                self._range = (start, start + size)
                return io.FileIO(path)
            start += size
        raise ValueError("position beyond the last blob")

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        super().close()
