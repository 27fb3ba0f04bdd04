"""The types of fields: one table that validates input, types criteria, and describes itself to OpenAPI and GraphQL.

`parse` takes a JSON value and returns the Python value that is stored, or raises `TypeFault`.
`sql` gives the SQL that turns a column into its wire form (what JSON shows): decimals travel as strings.
"""

from core.registry.types.base import FieldType, TypeFault
from core.registry.types.binary import Attachment, Download, Upload
from core.registry.types.money import Money
from core.registry.types.numbers import MAX_INTEGER, Boolean, DecimalNumber, ExactNumber, Integer, Number
from core.registry.types.parts import Id, Json
from core.registry.types.texts import Choice, Code, Email, MultiChoice, Phone, Text, TextList, Url
from core.registry.types.times import Date, DateTime

__all__ = [
    "MAX_INTEGER",
    "Attachment",
    "Boolean",
    "Choice",
    "Code",
    "Date",
    "DateTime",
    "DecimalNumber",
    "Download",
    "Email",
    "ExactNumber",
    "FieldType",
    "Id",
    "Integer",
    "Json",
    "Money",
    "MultiChoice",
    "Number",
    "Phone",
    "Text",
    "TextList",
    "TypeFault",
    "Upload",
    "Url",
]
