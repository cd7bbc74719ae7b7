"""Lines of invoices: those of UCI Online Retail, and made ones."""

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd

FILE = "online_retail.csv.zst"
# Stock codes that are no products, as silver.transactions has them.
OTHERS = {"POST", "DOT", "C2", "C3", "M", "ADJUST", "ADJUST2", "D", "S", "BANK CHARGES", "CRUK", "AMAZONFEE", "B", "TEST001", "TEST002"}


def online_retail():
    """Lines that sell a product to a known customer or take one back; None without the file."""
    folder = os.environ.get("ADLAKE_TEST_DATA")
    if not folder or not (Path(folder) / FILE).is_file():
        return None
    import zstandard

    with (Path(folder) / FILE).open("rb") as packed:
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read()
    raw = pd.read_csv(io.BytesIO(raw), encoding="iso-8859-1", dtype=str, keep_default_na=False).drop_duplicates()
    raw = raw[raw.CustomerID != ""]
    quantity, price = raw.Quantity.astype(int), (raw.UnitPrice.astype(float) * 10_000).round().astype(int)
    invoice, code = raw.InvoiceNo.str.strip().str.upper(), raw.StockCode.str.strip().str.upper()
    cancelled = invoice.str.startswith("C") | ((quantity < 0) & (price > 0) & ~invoice.str.startswith("A"))
    sold = ~cancelled & ~invoice.str.startswith("A") & (quantity > 0) & (price > 0)
    is_product = ~code.isin(OTHERS) & ~code.str.startswith("GIFT")
    days = pd.to_datetime(raw.InvoiceDate, format="%m/%d/%Y %H:%M").dt.normalize()
    lines = pd.DataFrame({
        "line_id": np.arange(len(raw)),
        "invoice_no": invoice,
        "customer_id": raw.CustomerID,
        "day": (days - pd.Timestamp(0)).dt.days,
        "kind": np.where(sold, "sale", "return"),
        "amount": quantity * price,
    })
    return lines[is_product & (sold | cancelled)].reset_index(drop=True)


def made(count, seed):
    """Lines of a small shop with many equal values, and with returns."""
    dice = np.random.default_rng(seed)
    invoice = dice.integers(0, count // 3, count)
    kind = np.where(dice.random(count) < 0.1, "return", "sale")
    return pd.DataFrame({
        "line_id": np.arange(count),
        "invoice_no": [f"i{number}" for number in invoice],
        "customer_id": [f"c{number * number % 997 % 211}" for number in invoice],
        "day": dice.integers(0, 400, count),
        "kind": kind,
        "amount": dice.integers(1, 40, count) * 5_000 * np.where(kind == "sale", 1, -1),
    })
