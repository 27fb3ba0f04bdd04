"""What fields are called in the headers of other programs and languages; an app adds the words of its own entities."""

from __future__ import annotations

from collections import defaultdict

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
    "currency": "currency code, munt, devise, wahrung, moneda, valuta",
    "amount": "value, price, sum, montant, bedrag, betrag, importe, deal value, close value",
    "tags": "labels, keywords, groups, categories, trefwoorden, etiquettes",
    "owner": "owner email, assigned to, salesperson, sales agent, account manager, responsible",
    "quantity": "qty, number, count, aantal, quantite, menge, cantidad, units, pieces",
}
_words: dict[str, dict[str, str]] = defaultdict(dict)


def add(entity: str, words: dict[str, str]) -> None:
    """Teach what the targets of an entity are called: target -> names with commas between them."""
    for target, names in words.items():
        for name in names.split(","):
            _words[entity][" ".join(name.split()).casefold()] = target


def of(entity: str, name: str) -> str | None:
    """The target that this name stands for in files of the entity, or for a field of that name anywhere."""
    return _words.get(entity, {}).get(name) or _general.get(name)


_general = {
    " ".join(word.split()).casefold(): target for target, names in _GENERAL.items() for word in names.split(",")
}
