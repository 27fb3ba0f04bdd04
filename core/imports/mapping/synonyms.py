"""What fields are called in the headers of other programs and languages; an app adds the words of its own entities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# By name of a field (of any entity): other names, in lower case without punctuation.
_GENERAL = {
    "external_id": "id, identifier, record id, key, nr, code, customer id, customerid, client id, kundennummer, "
    "klantnummer, numero client, externe id, external id, uuid, guid",
    "email": "e mail, mail, email address, e mail address, adresse e mail, courriel, mailadres, e mailadres, "
    "correo, correo electronico, emailadresse, posta elettronica",
    "name": "title, naam, nom, nombre, bezeichnung, nome, description, label",
    "phone": "telephone, tel, mobile, mobile phone, phone number, telefoon, telefon, gsm, telefono, telephone number, "
    "portable, handy, mobil",
    "website": "web, url, site, homepage, web site, webseite",
    "country": "country code, land, pays, pais, paese, nation",
    "city": "town, stad, ville, stadt, ciudad, gemeente, ort, locality, plaats",
    "region": "state, province, county, provincie, bundesland, departement, area, regio",
    "currency": "currency code, munt, devise, wahrung, moneda, valuta, moeda, divisa",
    "amount": "value, price, sum, montant, bedrag, betrag, importe, deal value, close value",
    "tags": "labels, keywords, groups, categories, trefwoorden, etiquettes",
    "owner.email": "owner, owner email, assigned to, salesperson, sales agent, account manager, responsible",
    "quantity": "qty, number, count, aantal, quantite, menge, cantidad, units, pieces, "
    "quantidade, qtd, quantita, anzahl, stuck",
}
_words: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))


@dataclass(frozen=True)
class Export:
    """What another program calls its columns. `marks`: names that, together, only its files have."""

    title: str
    marks: frozenset[str]
    words: Mapping[str, str]


_exports: dict[str, list[Export]] = defaultdict(list)


def add(entity: str, words: Mapping[str, str]) -> None:
    """Teach what the targets of an entity are called: target -> names with commas between them."""
    for target, names in words.items():
        for name in names.split(","):
            known = _words[entity][_plain(name)]
            if target not in known:
                known.append(target)


def add_export(entity: str, title: str, marks: str, words: Mapping[str, str]) -> None:
    """Teach a program's own export: name of a column -> target. Its other columns are none."""
    found = Export(
        title, frozenset(_plain(name) for name in marks.split(",")), {_plain(k): v for k, v in words.items()}
    )
    _exports[entity] = [item for item in _exports[entity] if item.title != title] + [found]


def export_of(entity: str, names: Collection[str]) -> Export | None:
    """The program whose columns these are."""
    return next((item for item in _exports[entity] if item.marks <= set(names)), None)


def of(entity: str, name: str) -> tuple[str, ...]:
    """The targets that this name may stand for in files of the entity, or for a field of that name anywhere."""
    own = _words[entity].get(name) if entity in _words else None
    return tuple(own) if own else tuple(filter(None, (_general.get(name),)))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


_general = {_plain(word): target for target, names in _GENERAL.items() for word in names.split(",")}
