"""Encodings of one byte a letter: what the names in a file tell, and statistics of few letters do not."""

# ruff: noqa: RUF001 - signs of many languages

from __future__ import annotations

import io

import pytest

from core.imports.readers import encoding


@pytest.mark.parametrize("times", [1, 5, 50])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jürgen Müller;Köln;€ gut", "cp1252"),
        ("Hélène;Liège;façade à 5 €, où ça", "cp1252"),
        ("José Peña;Málaga;5 € más", "cp1252"),
        ("João Gonçalves;São Paulo;5 € – não, leões", "cp1252"),
        ("José Peña;Málaga;más", "latin-1"),
        ("João Gonçalves;São Paulo;não, leões", "latin-1"),
        ("Søren Ågård;Tromsø;5 m³", "latin-1"),
        ("Niccolò;Forlì;già così", "latin-1"),
        ("Katarzyna Wiśniewska;Gdańsk;żółta łódź", "cp1250"),
        ("Jiří Dvořák;Plzeň;něco", "cp1250"),
        ("Željko Marić;Čakovec;više", "cp1250"),
        ("Kovács Erzsébet;Győr;hűtő", "cp1250"),
    ],
)
def test_names_tell_their_encoding(text: str, name: str, times: int) -> None:
    content = ("Name;Ort;Notiz\n" + f"{text}\n" * times).encode(name)
    assert encoding.detect(io.BytesIO(content)).name == name


def test_another_alphabet() -> None:
    content = ("Имя;Город\n" + "Иван Петров;Москва\nЕкатерина Смирнова;Санкт-Петербург\n" * 10).encode("cp1251")
    assert encoding.detect(io.BytesIO(content)).name == "cp1251"
