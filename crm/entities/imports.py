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
        "birth_date": "birthday, date of birth, dob, geboortedatum, date de naissance, geburtsdatum, born, "
        "geboren, geboren am, geburtstag, verjaardag, naissance, ne le, fecha de nacimiento, data de nascimento, "
        "data di nascita",
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
        "channel": "type, kind, medium, art, kanal, kanaal, soort, canal, tipo, canale",
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
        "order_number": "invoice no, invoiceno, invoice, invoice number, order number, order no, order id, orderid, "
        "order, basket id, transaction id, transaction no, receipt, receipt no, receipt number, ticket, "
        "bestelnummer, ordernummer, factuurnummer, bonnummer, bon, numero de commande, no commande, n commande, "
        "commande, numero de facture, bestellnummer, bestell nr, auftragsnummer, rechnungsnummer, belegnummer, beleg, "
        "encomenda, no encomenda, n encomenda, numero da encomenda, pedido, no pedido, n pedido, numero de pedido, "
        "numero do pedido, factura, fatura, numero ordine, ordine, scontrino",
        "placed_at": "invoice date, invoicedate, order date, date, transaction timestamp, transaction date, "
        "timestamp, purchase date, created at, order created, paid at, datum, besteldatum, orderdatum, factuurdatum, "
        "date de commande, bestelldatum, rechnungsdatum, belegdatum, kaufdatum, data, data da encomenda, "
        "data do pedido, fecha, fecha de pedido, data ordine",
        "product.sku": "stock code, stockcode, sku, item code, item number, item no, product code, "
        "product id, product, asin, ean, barcode, artikelnummer, artikel nr, artikelnr, art nr, artikelcode, "
        "code article, reference, referencia, codigo, codigo do produto, codice, codice articolo",
        "product.name": "article, item, artikel, artigo, articulo, articolo, produkt, produit, produto, producto",
        "description": "product name, item name, product description, omschrijving, designation, libelle, "
        "bezeichnung, artikelbezeichnung, produktname, descricao, descripcion, descrizione, "
        "article, item, artikel, artigo, articulo, articolo, produkt, produit, produto, producto",
        "quantity": "qty, units, number of items, aantal, quantite, menge, anzahl, stuckzahl, quantidade, qtd, qtde, "
        "cantidad, quantita",
        "unit_price": "unitprice, price, item price, price each, prijs, stuksprijs, eenheidsprijs, prix, "
        "prix unitaire, preis, einzelpreis, stuckpreis, preco, preco unitario, precio, "
        "precio unitario, prezzo, prezzo unitario",
        "line_total": "sales value, total, amount, line total, line amount, totaal, bedrag, montant, gesamt, "
        "gesamtpreis, betrag, zeilensumme, valor, valor total, importe, importo",
        "contact.external_id": "customer id, customerid, customer no, customer number, customer, client, client id, "
        "household id, klantnummer, klant, numero client, kundennummer, kunden nr, kundennr, kunde, cliente, "
        "no cliente, codigo cliente, codigo do cliente, id cliente",
        "contact.email": "customer email, email, e mail, email address",
        "company.name": "company, account, organisation",
        "country": "country, land, pays, pais, paese, ship country, shipping country, customer country",
        "location": "store, store id, shop, branch, till, winkel, filiaal, kassa, filiale, kasse, magasin, caisse, "
        "loja, caixa, tienda, caja, negozio, cassa",
        "retail_discount": "retail disc",
        "coupon_discount": "coupon disc",
        "coupon_match_discount": "coupon match disc",
        "discount": "line discount, korting, remise, rabatt, nachlass, desconto, descuento, sconto, discount amount",
        "order_discount": "cart discount, order discount, cart discount amount",
    },
}
# Exports of order lines that repeat the order's own columns on each row, or fill them in on its first row only.
EXPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "Shopify": (
        "name, lineitem quantity, lineitem price, financial status",
        {
            "name": "order_number", "created at": "placed_at", "email": "contact.email", "currency": "currency",
            "lineitem quantity": "quantity", "lineitem name": "description", "lineitem price": "unit_price",
            "lineitem sku": "product.sku", "lineitem discount": "discount", "discount amount": "order_discount",
            "shipping country": "country", "location": "location",
        },
    ),
    "WooCommerce": (
        "order number, item name, item cost, order total amount",
        {
            "order number": "order_number", "order date": "placed_at", "email billing": "contact.email",
            "country code billing": "country", "sku": "product.sku", "item name": "description",
            "quantity refund": "quantity", "quantity": "quantity", "item cost": "unit_price",
            "cart discount amount": "order_discount", "order currency": "currency",
        },
    ),
}  # fmt: skip


def teach() -> None:
    """Tell the import engine."""
    for entity, words in SYNONYMS.items():
        synonyms.add(entity, words)
    for title, (marks, words) in EXPORTS.items():
        synonyms.add_export("order_line", title, marks, words)
    for entity in ("contact", "company"):
        kinds.register_words(entity, "country", CODES)
    kinds.register(OrderLines())
