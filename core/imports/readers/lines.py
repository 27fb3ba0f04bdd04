"""The lines of a text with their numbers, one at a time or many; lines can be put back to be read again."""

from __future__ import annotations

import io
from collections import deque
from typing import IO

# No line of a table of data is longer; what is, is not kept.
LONGEST = 1 << 20
# Nor is a row of many lines.
LONGEST_ROW = 4 * LONGEST
# Characters of a block of lines.
BLOCK = 1 << 18


class Lines:
    """An iterator of lines for the csv module.

    `limit` says how many lines one row may reach over before the reader is stopped.
    """

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        file.seek(0)
        # Bytes that are no text become lone surrogates, which the rows are then searched for.
        errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self._text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
        self._again: deque[str] = deque()
        self._cut = ""
        self.number = 0
        self.too_long = False
        self.taken: list[str] = []
        self.most = 0
        self._size = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.taken and (self._size > LONGEST_ROW or (self.most and len(self.taken) >= self.most)):
            raise StopIteration
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    @property
    def waiting(self) -> bool:
        """Whether lines that were put back are still to be read."""
        return bool(self._again)

    def begin(self, most: int = 0) -> int:
        """Forget the lines that were taken: a new row begins, of at most so many lines (0: any). Returns its number."""
        self.taken = []
        self._size = 0
        self.too_long = False
        self.most = most
        return self.number + 1

    def block(self) -> list[str]:
        """Many lines at once; none at the end, and where the next one is too long or was put back."""
        found: list[str] = []
        size, readline = 0, self._text.readline
        while size < BLOCK and not self._again and not self._cut:
            line = readline(LONGEST)
            if not line:
                break
            if len(line) >= LONGEST and line[-1] not in "\r\n":
                self._cut = line
                break
            found.append(line)
            size += len(line)
        self.number += len(found)
        return found

    def give_back(self, block: list[str]) -> None:
        """The block is to be taken line by line."""
        self._again.extend(block)
        self.number -= len(block)

    def put_back(self) -> str:
        """Give back all lines of the present row but its first, which is returned."""
        first, rest = self.taken[0], self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.taken = [first]
        return first

    def detach(self) -> None:
        """Let go of the file without closing it."""
        self._text.detach()

    def _read(self) -> str:
        line, self._cut = self._cut or self._text.readline(LONGEST), ""
        if len(line) >= LONGEST and line[-1] not in "\r\n":
            self.too_long = True
            while (rest := self._text.readline(LONGEST)) and rest[-1] not in "\r\n":
                pass
            return line[:2000] + "\n"
        return line
