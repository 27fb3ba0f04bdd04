"""Opening what is packed, without being blown up by it: sizes are looked at before and while unpacking."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.conf import settings

from core.imports.errors import FileTooComplex, UnreadableFile

GZIP = b"\x1f\x8b"
MEGABYTE = 1 << 20
BLOCK = 1 << 16
MOST_ENTRIES = 10_000
# Sheets of numbers pack to about a twentieth; nothing honest and large packs to a two-hundredth.
MOST_RATIO, RATIO_FROM = 200, 16 * MEGABYTE


def most_bytes() -> int:
    """To how many bytes a file may unpack, by setting."""
    return int(getattr(settings, "BIFOCAL_IMPORT_UNPACKED_LIMIT", 2048 * MEGABYTE))


@contextmanager
def opened_zip(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory has been found harmless. Raises UnreadableFile, FileTooComplex."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile("The file is damaged: its parts cannot be found.", reason="damaged") from error
    with archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise FileTooComplex(f"The file has {len(entries):,} parts; {MOST_ENTRIES:,} are allowed.")
        if len({entry.filename for entry in entries}) < len(entries):
            raise UnreadableFile("The file has two parts of one name.", reason="damaged")
        if sum(entry.file_size for entry in entries) > most_bytes():
            raise FileTooComplex(f"The file unpacks to more than {most_bytes():,} bytes.")
        for entry in entries:
            if entry.file_size > RATIO_FROM and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
                raise FileTooComplex(
                    f"The part {entry.filename[:100]!r} unpacks to {MOST_RATIO} times its size or more."
                )
            if entry.flag_bits & 1:
                raise UnreadableFile("The file is protected by a password.", reason="encrypted")
        yield archive


def blocks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The content of one part, never more than its directory entry says, and never more than is allowed."""
    left = most_bytes()
    try:
        with archive.open(name) as part:
            while block := part.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise FileTooComplex(f"The file unpacks to more than {most_bytes():,} bytes.")
                yield block
    except KeyError:
        raise UnreadableFile(f"The file lacks its part {name[:100]!r}.", reason="damaged") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(f"The part {name[:100]!r} is damaged.", reason="damaged") from error


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip file, of one member or several. Raises UnreadableFile, FileTooComplex."""
    machine, left = zlib.decompressobj(wbits=31), most_bytes()
    try:
        for chunk in chunks:
            data = chunk
            while data:
                block = machine.decompress(data, BLOCK)
                left -= len(block)
                if left < 0:
                    raise FileTooComplex(f"The file unpacks to more than {most_bytes():,} bytes.")
                if block:
                    yield block
                data = machine.unconsumed_tail
                if machine.eof:
                    data = machine.unused_data.lstrip(b"\x00")
                    machine = zlib.decompressobj(wbits=31)
        if tail := machine.flush():
            yield tail
    except zlib.error as error:
        raise UnreadableFile("The gzip file is damaged.", reason="damaged") from error
