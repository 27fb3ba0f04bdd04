"""Types of text: plain, addresses, codes, lists of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from core.registry.types.base import EQUALITY, ORDER, SETS, TEXT, FieldType, TypeFault, is_unicode, require_str
from core.registry.types.phones import is_e164

_URL = re.compile(r"^https?://[^\s/$.?#<>\"][^\s<>\"]*$", re.IGNORECASE)
_CODE = re.compile(r"^[A-Z]+$")
# Addresses that are valid whatever else is looked at: ASCII, no label that could be an encoded one, a domain in words.
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]{1,30}(?:\.[A-Za-z0-9_+-]{1,16}){0,2}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9]|-(?!-)){0,40}(?<!-)\.){1,3}([A-Za-z]{2,20})"
)
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


@dataclass(frozen=True)
class Text(FieldType):
    """Text of bounded length; surrounding white space is dropped, and empty text is stored as null."""

    name: ClassVar[str] = "text"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER | TEXT
    max_length: int = 10_000

    def parse(self, value: Any) -> str | None:
        text = require_str(value).strip()
        if len(text) > self.max_length:
            raise TypeFault("too_long", f"Must have at most {self.max_length} characters.")
        return text or None

    def parse_plain(self, texts: Sequence[str]) -> list[str] | None:
        """What `parse` gives for each of many, found out for all at once; None where one must be looked at by itself.

        The texts are not empty, and have no white space around them.
        """
        if type(self).parse is not Text.parse:
            return None
        joined = "".join(texts)
        if "\x00" in joined or not (joined.isascii() or is_unicode(joined)):
            return None
        return list(texts) if max(map(len, texts)) <= self.max_length else None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length}


@dataclass(frozen=True)
class Email(Text):
    """An e-mail address; stored in lower case."""

    name: ClassVar[str] = "email"
    max_length: int = 254

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        plain = _PLAIN_EMAIL.fullmatch(text)
        if plain is not None and plain[1].lower() not in _SPECIAL:
            return text.lower()
        try:
            return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
        except EmailNotValidError:
            raise TypeFault("invalid_email", "Must be an e-mail address.") from None

    def parse_plain(self, texts: Sequence[str]) -> list[str] | None:
        found = [_PLAIN_EMAIL.fullmatch(text) for text in texts]
        if None in found or max(map(len, texts)) > self.max_length:
            return None
        if not _SPECIAL.isdisjoint({match[1].lower() for match in found if match}):
            return None
        return list(map(str.lower, texts))

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": self.max_length}


@dataclass(frozen=True)
class Phone(Text):
    """A telephone number with country code; stored as E.164."""

    name: ClassVar[str] = "phone"
    max_length: int = 32

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None or is_e164(text):
            return text
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            raise TypeFault("invalid_phone", "Must be a telephone number with its country code (+...).") from None
        if not phonenumbers.is_possible_number(number):
            raise TypeFault("invalid_phone", "Is not a possible telephone number.")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def parse_plain(self, texts: Sequence[str]) -> list[str] | None:
        return list(texts) if all(map(is_e164, texts)) else None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length, "description": "E.164"}


@dataclass(frozen=True)
class Url(Text):
    """An absolute http(s) address."""

    name: ClassVar[str] = "url"
    max_length: int = 2000

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is not None and not _URL.match(text):
            raise TypeFault("invalid_url", "Must be an absolute http or https address.")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "maxLength": self.max_length}


@dataclass(frozen=True)
class Code(Text):
    """A code of capital letters of fixed length: ISO 4217 currencies (3), ISO 3166 countries (2)."""

    name: ClassVar[str] = "code"
    max_length: int = 3

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        text = text.upper()
        if len(text) != self.max_length or not _CODE.match(text):
            raise TypeFault("invalid_code", f"Must be a code of {self.max_length} letters.")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^[A-Za-z]{{{self.max_length}}}$"}


@dataclass(frozen=True)
class Choice(FieldType):
    """One of a fixed list of words."""

    name: ClassVar[str] = "choice"
    options: tuple[str, ...] = ()

    def parse(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise TypeFault("invalid_choice", f"Must be one of: {', '.join(self.options)}.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True)
class TextList(FieldType):
    """A set of short words (tags); order and repeats are dropped."""

    name: ClassVar[str] = "text_list"
    graphql: ClassVar[str] = "[String!]"
    operators: ClassVar[frozenset[str]] = SETS
    max_length: int = 64
    max_items: int = 100

    def parse(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise TypeFault("wrong_type", "Must be a list of strings.")
        if len(value) > self.max_items:
            raise TypeFault("too_many", f"Must have at most {self.max_items} items.")
        words = {Text(self.max_length).parse(item) for item in value}
        return sorted(word for word in words if word)

    def json_schema(self) -> dict[str, Any]:
        item = {"type": "string", "maxLength": self.max_length}
        return {"type": "array", "items": item, "maxItems": self.max_items}


@dataclass(frozen=True)
class MultiChoice(TextList):
    """Some of a fixed list of words, in the order of that list."""

    name: ClassVar[str] = "multi_choice"
    options: tuple[str, ...] = ()

    def parse(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise TypeFault("wrong_type", "Must be a list of strings.")
        for word in value:
            Choice(options=self.options).parse(word)
        return [option for option in self.options if option in value]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(self.options)}, "uniqueItems": True}
