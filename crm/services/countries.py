"""Names of countries as files have them, for their codes (ISO 3166-1; names in English, and common others)."""

from __future__ import annotations

_NAMES = """
AD Andorra|AE United Arab Emirates,UAE|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|AO Angola
AQ Antarctica|AR Argentina|AS American Samoa|AT Austria,Österreich,Autriche,Oostenrijk|AU Australia|AW Aruba
AX Åland Islands|AZ Azerbaijan|BA Bosnia and Herzegovina,Bosnia|BB Barbados|BD Bangladesh
BE Belgium,België,Belgique,Belgien,Bélgica|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin
BL Saint Barthélemy|BM Bermuda|BN Brunei,Brunei Darussalam|BO Bolivia|BQ Bonaire|BR Brazil,Brasil,Brésil|BS Bahamas
BT Bhutan|BW Botswana|BY Belarus|BZ Belize|CA Canada|CD Democratic Republic of the Congo,DR Congo
CF Central African Republic|CG Congo|CH Switzerland,Schweiz,Suisse,Svizzera,Zwitserland|CI Côte d'Ivoire,Ivory Coast
CK Cook Islands|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba|CV Cape Verde,Cabo Verde|CW Curaçao
CY Cyprus|CZ Czechia,Czech Republic,Česko|DE Germany,Deutschland,Allemagne,Duitsland,Alemania|DJ Djibouti
DK Denmark,Danmark,Danemark|DM Dominica|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt
ER Eritrea|ES Spain,España,Espagne,Spanje,Spanien|ET Ethiopia|FI Finland,Suomi|FJ Fiji|FM Micronesia|FO Faroe Islands
FR France,Frankrijk,Frankreich,Francia|GA Gabon|GB United Kingdom,UK,Great Britain,England,Scotland,Wales
GD Grenada|GE Georgia|GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|GP Guadeloupe
GQ Equatorial Guinea|GR Greece|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana|HK Hong Kong|HN Honduras|HR Croatia
HT Haiti|HU Hungary|ID Indonesia|IE Ireland,Eire,Republic of Ireland|IL Israel|IM Isle of Man|IN India|IQ Iraq
IR Iran|IS Iceland|IT Italy,Italia,Italie,Italien|JE Jersey|JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan
KH Cambodia|KI Kiribati|KM Comoros|KN Saint Kitts and Nevis|KP North Korea|KR South Korea,Korea,Republic of Korea
KW Kuwait|KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia
LS Lesotho|LT Lithuania|LU Luxembourg,Luxemburg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro
MG Madagascar|MH Marshall Islands|MK North Macedonia,Macedonia|ML Mali|MM Myanmar,Burma|MN Mongolia|MO Macao,Macau
MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|MW Malawi|MX Mexico,México|MY Malaysia
MZ Mozambique|NA Namibia|NC New Caledonia|NE Niger|NG Nigeria|NI Nicaragua
NL Netherlands,The Netherlands,Nederland,Holland,Pays-Bas,Niederlande|NO Norway,Norge|NP Nepal|NR Nauru|NU Niue
NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|PK Pakistan
PL Poland,Polska|PM Saint Pierre and Miquelon|PR Puerto Rico|PS Palestine|PT Portugal|PW Palau|PY Paraguay|QA Qatar
RE Réunion,Reunion|RO Romania|RS Serbia|RU Russia,Russian Federation|RW Rwanda|SA Saudi Arabia|SB Solomon Islands
SC Seychelles|SD Sudan|SE Sweden,Sverige|SG Singapore|SH Saint Helena|SI Slovenia|SK Slovakia|SL Sierra Leone
SM San Marino|SN Senegal|SO Somalia|SR Suriname|SS South Sudan|ST São Tomé and Príncipe|SV El Salvador|SX Sint Maarten
SY Syria|SZ Eswatini,Swaziland|TC Turks and Caicos Islands|TD Chad|TG Togo|TH Thailand|TJ Tajikistan|TK Tokelau
TL Timor-Leste,East Timor|TM Turkmenistan|TN Tunisia|TO Tonga|TR Türkiye,Turkey|TT Trinidad and Tobago|TV Tuvalu
TW Taiwan|TZ Tanzania|UA Ukraine|UG Uganda|US United States,USA,United States of America,U.S.A.,U.S.|UY Uruguay
UZ Uzbekistan|VA Vatican City|VC Saint Vincent and the Grenadines|VE Venezuela|VG British Virgin Islands
VI US Virgin Islands|VN Vietnam,Viet Nam|VU Vanuatu|WF Wallis and Futuna|WS Samoa|YE Yemen|YT Mayotte
ZA South Africa,RSA|ZM Zambia|ZW Zimbabwe
"""

CODES: dict[str, str] = {
    name.casefold(): entry[:2]
    for line in _NAMES.strip().splitlines()
    for entry in line.split("|")
    for name in entry[3:].split(",")
}
# The other code of ISO 3166-1, of three letters, where it is common in files.
CODES |= {
    "bel": "BE", "fra": "FR", "deu": "DE", "nld": "NL", "gbr": "GB", "esp": "ES", "ita": "IT", "che": "CH", "aut": "AT",
    "lux": "LU", "prt": "PT", "pol": "PL", "swe": "SE", "nor": "NO", "dnk": "DK", "fin": "FI", "irl": "IE", "can": "CA",
}  # fmt: skip
