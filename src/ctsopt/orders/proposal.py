"""A mapping is proposed from the headers and the first rows of an export: for people to read, and never applied."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.orders.schema import ORDER_LINES

LOOKED_AT = 5000
"""Rows of the export that are looked at."""

WORDS: dict[str, tuple[str, ...]] = {
    "order": ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "salesdocument", "vbeln", "belegnummer"),
    "line": ("lineno", "linenumber", "item", "itemno", "posnr", "position", "orderline"),
    "customer": ("customerid", "customerno", "soldto", "soldtoparty", "kunnr", "kunde", "kundennummer", "account"),
    "product": ("productid", "productno", "stockcode", "sku", "material", "matnr", "article", "artikel", "itemcode"),
    "order_date": ("orderdate", "invoicedate", "date", "erdat", "audat", "auftragsdatum", "created"),
    "requested_date": ("requesteddate", "requested", "wanted", "edatu", "wunschtermin", "duedate"),
    "quantity": ("qty", "orderquantity", "kwmeng", "menge", "units", "orderedquantity", "unitquantity"),
    "unit_price": ("unitprice", "price", "netpr", "preis", "listprice"),
    "amount": ("amount", "sales", "netwr", "netvalue", "value", "umsatz", "linetotal"),
    "currency": ("currency", "waerk", "waehrung"),
    "unit": ("unit", "uom", "vrkme", "einheit", "unitofmeasure"),
    "ship_to": ("shipto", "shiptoparty", "deliverto", "warenempfaenger"),
    "status": ("status", "orderstatus"),
    "unit_cost": ("unitcost", "cost", "standardcost"),
}
"""Headers of exports by the column that they usually are, without spaces and signs."""

DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y",
         "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%m-%d-%Y")


def propose_mapping(path: str | os.PathLike[str]) -> str:
    """Propose a mapping for a CSV file of order lines, as YAML.

    What could mean two things is left out, with a comment that says what: day and month that may be either, for one.

    Parameters
    ----------
    path : path

    Raises
    ------
    UsageError
        If there is no such file, or it is no text.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    data = file.read_bytes()[:1 << 22]
    encoding = "utf-8"
    try:
        text = data[:data.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding, text = "latin-1", data.decode("latin-1").removeprefix("ï»¿")
    lines = text.splitlines()[:LOOKED_AT + 1]
    if not lines:
        raise UsageError(f"{file} is empty")
    delimiter = max(",;\t|", key=lines[0].count)
    import io

    rows = pd.read_csv(io.StringIO("\n".join(lines)), sep=delimiter, dtype=str, keep_default_na=False,
                       on_bad_lines="skip", engine="python")
    columns, unsure = _columns(list(rows.columns))
    out = ["# A proposal: read it, correct it, and give it as the mapping.", "order_lines:"]
    out += [f"  encoding: {encoding}   # it is no UTF-8; another encoding may be meant"] if encoding != "utf-8" else []
    out += [f'  delimiter: "{delimiter}"'.replace("\t", "\\t")] if delimiter != "," else []
    out += _decimals([rows[columns[name]] for name in ("quantity", "unit_price", "amount") if name in columns])
    out += _dates([rows[columns[name]] for name in ("order_date", "requested_date") if name in columns])
    out += ["  columns:", *(f'    {our}: "{their}"' for our, their in columns.items())]
    out += [f"    # {our}: {' or '.join(names)}?" for our, names in unsure.items()]
    missing = [c.name for c in ORDER_LINES.columns if c.required and c.name not in columns and c.name not in unsure]
    out += [f"    # {name}: no header looks like it, and it is needed" for name in missing]
    return "\n".join(out) + "\n"


def _columns(header: Sequence[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Our columns with the one header that looks like each, and those that several look like."""
    folded = {name: re.sub(r"[^a-z0-9]", "", name.casefold()) for name in header}
    found, unsure = {}, {}
    for column in ORDER_LINES.columns:
        own = column.name.replace("_", "")
        names = [name for name in header if folded[name] == own]
        names = names or [name for name in header if folded[name] in WORDS.get(column.name, ())]
        if len(names) == 1:
            found[column.name] = names[0]
        elif names:
            unsure[column.name] = names
    return found, unsure


def _decimals(columns: Sequence[pd.Series]) -> list[str]:
    cells = pd.concat(columns) if columns else pd.Series(dtype=str)
    cells = cells[cells != ""]
    if cells.str.fullmatch(r"[+-]?\d*\.?\d+").all():
        return []
    if cells.str.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*(,\d+)?|[+-]?\d+(,\d+)?").all():
        points = cells.str.contains(".", regex=False).any()
        only_threes = not points and cells[cells.str.contains(",")].str.fullmatch(r"[+-]?\d{1,3},\d{3}").all()
        if only_threes:
            return ["  # decimal: is 1,234 one and a bit, or a thousand? Write decimal: \",\" or thousands: \",\""]
        return ['  decimal: ","', *(['  thousands: "."'] if points else [])]
    if cells.str.fullmatch(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?|[+-]?\d+(\.\d+)?").all():
        return ['  thousands: ","']
    return ["  # decimal: the numbers are written in no one way"]


def _dates(columns: Sequence[pd.Series]) -> list[str]:
    cells = pd.concat(columns).drop_duplicates() if columns else pd.Series(dtype=str)
    cells = cells[cells != ""]
    fits = [form for form in DATES if pd.to_datetime(cells, format=form, errors="coerce").notna().all()]
    if not len(cells) or (fits and fits[0].startswith("%Y-%m-%d")):
        return []
    if len(fits) == 1:
        return [f'  dates: "{fits[0]}"']
    return [f"  # dates: {' or '.join(fits) or 'they are written in no one way that is known'}: say which"]
