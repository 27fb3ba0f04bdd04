"""What imports need to know of the customer record: other names of its fields and values, and order lines."""

from __future__ import annotations

from core.imports import kinds
from core.imports.mapping import synonyms
from crm.services.countries import CODES
from crm.services.order_import import OrderLines

SYNONYMS = {
    "contact": {
        "first_name": "given name, forename, prenom, voornaam, vorname, nombre, nome, firstname, first",
        "last_name": "surname, family name, nom, nom de famille, achternaam, familienaam, "
        "nachname, apellido, cognome, "
        "lastname, last",
        "job_title": "title, function, functie, fonction, position, role, titel, job, puesto",
        "birth_date": "birthday, date of birth, dob, geboortedatum, date de naissance, geburtsdatum, born",
        "company.name": "company, organisation, organization, employer, bedrijf, societe, entreprise, firma, empresa, "
        "account, company name, account name",
        "owner.email": "owner, owner email, account manager, assigned to",
        "lifecycle_stage": "stage, status, lifecycle",
        "source": "lead source, acquisition source, channel, bron, origine, herkunft",
    },
    "company": {
        "name": "company, company name, account, account name, organisation, organization, "
        "bedrijf, societe, firma, empresa",
        "founded_year": "year established, founded, year founded",
        "annual_revenue": "revenue, turnover, omzet, chiffre d affaires, umsatz",
        "employees": "number of employees, staff, headcount, employee count",
        "industry": "sector, branche, secteur",
        "country": "office location",
        "parent.name": "parent, subsidiary of, parent company",
    },
    "product": {
        "sku": "stock code, stockcode, article number, item number, article, product code, artikelnummer, reference",
        "name": "product, product name, description, item, artikel, produit",
        "unit_price": "price, sales price, list price, prijs, prix, preis, precio",
        "unit_cost": "cost, cost price, purchase price",
        "line.name": "product line, series, family, department, range",
    },
    "deal": {
        "external_id": "opportunity id, deal id",
        "name": "opportunity, deal name, opportunity name",
        "company.name": "account, company, customer, organisation",
        "product.name": "product",
        "stage.name": "deal stage, stage, phase",
        "opened_at": "engage date, created date, open date",
        "closed_at": "close date, closed",
        "amount": "close value, deal value, value",
    },
    "interaction": {
        "occurred_at": "date, time, when, timestamp, datum, moment",
        "subject": "title, onderwerp, objet, betreff",
        "body": "text, notes, message, content, description",
        "contact.email": "email, e mail, contact email",
        "contact.external_id": "contact id, customer id, customerid",
    },
    "order": {
        "number": "order number, order no, order id, invoice, invoice no, invoiceno, invoice number, bestelnummer",
        "placed_at": "order date, date, invoice date, orderdate",
        "contact.external_id": "customer id, customerid, client id",
        "contact.email": "customer email, email, e mail",
    },
    "order_line": {
        "order_number": "invoice no, invoiceno, invoice, invoice number, order number, "
        "order no, order id, orderid, order, "
        "basket id, transaction id, receipt, bestelnummer, numero de commande, bestellnummer, factuurnummer",
        "placed_at": "invoice date, invoicedate, order date, date, transaction timestamp, "
        "timestamp, purchase date, datum",
        "product.sku": "stock code, stockcode, sku, article, item, item number, product code, "
        "product id, product, asin",
        "description": "product name, item name, product description, omschrijving, designation, bezeichnung",
        "quantity": "qty, units, aantal, quantite, menge, number of items",
        "unit_price": "unitprice, price, item price, prijs, prix unitaire, einzelpreis, price each",
        "line_total": "sales value, total, amount, line total, line amount, totaal, montant, gesamt",
        "contact.external_id": "customer id, customerid, customer, client, client id, household id, klantnummer",
        "contact.email": "customer email, email, e mail",
        "company.name": "company, account, organisation",
        "country": "country, land, pays, ship country",
        "location": "store, store id, shop, branch, winkel, filiale",
        "retail_discount": "retail disc",
        "coupon_discount": "coupon disc",
        "coupon_match_discount": "coupon match disc",
        "discount": "discount amount, korting, remise, rabatt",
    },
}


def teach() -> None:
    """Tell the import engine."""
    for entity, words in SYNONYMS.items():
        synonyms.add(entity, words)
    for entity in ("contact", "company"):
        kinds.register_words(entity, "country", CODES)
    kinds.register(OrderLines())
