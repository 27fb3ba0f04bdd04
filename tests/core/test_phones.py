"""Telephone numbers in E.164 are told without taking them apart, and never told otherwise than by taking them apart."""

from __future__ import annotations

import phonenumbers
from hypothesis import example, given
from hypothesis import strategies as st

from core.registry.types import Phone
from core.registry.types.phones import is_e164

CODES = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)).map(str)
DIGITS = st.text("0123456789", min_size=1, max_size=14)


@given(CODES, DIGITS)
@example("1", "2015550123")
@example("39", "0612345678")
@example("54", "91123456789")
@example("52", "15512345678")
@example("61", "0412345678")
@example("7", "88001234567")
@example("800", "12345678")
def test_what_is_taken_as_it_stands_is_what_parsing_gives(code: str, digits: str) -> None:
    text = f"+{code}{digits}"
    if is_e164(text):
        number = phonenumbers.parse(text, None)
        assert phonenumbers.is_possible_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text


def test_usual_numbers_are_taken_as_they_stand() -> None:
    for text in ("+32470123456", "+12015550123", "+442079460123", "+4930123456", "+33612345678"):
        assert is_e164(text)
        assert Phone().parse(text) == text
    for text in ("+32 470 12 34 56", "32470123456", "+0470123456", "+999123456789", "+३२470123456", "+1201555012\n"):
        assert not is_e164(text)
