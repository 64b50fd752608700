"""The XML in which WeChat wraps quotes, links, cards, money and pats, read without trusting it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MOST_CHARACTERS = 64_000


def parse(text: str, word: str) -> Element | None:
    """The XML in ``text``, if it is some that has ``word`` in it.

    A document type could declare entities; WeChat never sends one.
    """
    start = text.find("<", 0, 200)  # some puppets put "wxid_…:\n" before it
    if start < 0 or len(text) > MOST_CHARACTERS or word not in text or "<!DOCTYPE" in text:
        return None
    try:
        return ElementTree.fromstring(text[start:])
    except (ElementTree.ParseError, ValueError):
        return None


def app_message(text: str) -> Element | None:
    """The app message (``appmsg``) in ``text``; its ``type`` tells what it is."""
    root = parse(text, "<appmsg")
    return None if root is None else root.find(".//appmsg")


def said(element: Element, path: str) -> str:
    """What an element says, without the space around it; empty where there is none."""
    return (element.findtext(path) or "").strip()
