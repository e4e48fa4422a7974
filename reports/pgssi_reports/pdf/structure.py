"""What WeasyPrint's tagged structure lacks of ISO 14289-1, added before the file is written: the scope of header cells,
and pairs of a description list as items with their label. Its elements are changed in place; none is added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def complete(_document: Any, pdf: Any) -> None:
    """For `write_pdf(finisher=…)`."""
    for element in [one for one in pdf.objects if isinstance(one, dict) and one.get("Type") == "/StructElem"]:
        if element["S"] == "/TH":
            scope = "/Column" if _within(pdf, element, "/THead") else "/Row"
            element.setdefault("A", {"O": "/Table"})["Scope"] = scope
        elif element["S"] == "/L":
            for pair in _kids(pdf, element):
                if pair["S"] == "/Div":
                    _itemise(pdf, pair)


def _itemise(pdf: Any, pair: Any) -> None:
    """A group of `dt` and `dd`: WeasyPrint makes an item of each, where the group is the item."""
    pair["S"] = "/LI"
    parts = [part for part in _kids(pdf, pair) if part["S"] == "/LI"]
    for index, part in enumerate(parts):
        part["S"] = "/Lbl" if index == 0 and len(parts) > 1 else "/LBody"
        for body in _kids(pdf, part):
            if body["S"] == "/LBody":
                body["S"] = "/Div" if part["S"] == "/LBody" else "/NonStruct"


def _kids(pdf: Any, element: Any) -> Iterator[Any]:
    for reference in element["K"]:
        if isinstance(reference, bytes):
            kid = pdf.objects[int(reference.split()[0])]
            if isinstance(kid, dict) and "S" in kid:
                yield kid


def _within(pdf: Any, element: Any, tag: str) -> bool:
    while "S" in element:
        if element["S"] == tag:
            return True
        element = pdf.objects[int(element["P"].split()[0])]
    return False
