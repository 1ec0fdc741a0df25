"""What libxml reads of XML, as lxml has it.

    python libxml.py < ["<a>…</a>", …]  → [{"tag", "attributes", "text", "children"} | {"error"}, …]
"""

import json
import sys

from lxml import etree


def element(node):
    return {
        "tag": node.tag,
        "attributes": dict(node.attrib),
        "text": node.text,
        "children": [element(child) for child in node],
    }


def read(text):
    try:
        return element(etree.fromstring(text.encode()))
    except etree.XMLSyntaxError as error:
        return {"error": str(error)}


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
