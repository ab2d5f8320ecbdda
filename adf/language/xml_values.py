"""XML text ⇄ tree ⇄ JSON, as .NET's XmlDocument and Newtonsoft.Json have it.

White space between elements is dropped. In JSON an attribute is `@name`, text beside attributes or elements
`#text`, elements of one name an array, an empty element null. Document types, and so entities of one's own,
are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union
from xml.parsers import expat

from .values import MAX_NESTING, Json, from_base64, joined, json_text, text_of

_NAME = re.compile(r"[A-Za-z_:\u0080-\uffff][\w.:\-]*")
_BUILT_IN = {"xml": "http://www.w3.org/XML/1998/namespace", "xmlns": "http://www.w3.org/2000/xmlns/"}

MAX_NODES = 100_000
"""Elements and texts of a document."""


class BadXml(Exception):  # a fact, turned into the caller's own error
    """The text is no XML, or the JSON cannot be written as XML."""


@dataclass(eq=False, slots=True)
class Element:
    """`empty`: written `<a/>`. `declaration`: the attributes of `<?xml …?>`, of a document's root only."""

    name: str
    parent: Union["Element", None] = None
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Union["Element", "Text"]] = field(default_factory=list)
    empty: bool = False
    declaration: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Text:
    value: str
    parent: Element
    kind: str = "#text"


def is_declaration(attribute: str) -> bool:
    """Tell whether an attribute declares a namespace."""
    return attribute.split(":", 1)[0] == "xmlns"


def namespace_of(prefix: str, element: Element | None) -> str | None:
    """Find what a prefix, or none, stands for at an element. None where it is not declared."""
    declaration = f"xmlns:{prefix}" if prefix else "xmlns"
    while element is not None:
        if declaration in element.attributes:
            return element.attributes[declaration]
        element = element.parent
    return _BUILT_IN.get(prefix) if prefix else ""


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Write an attribute's value."""
    whole = escape(text).replace('"', "&quot;").replace("\n", "&#xA;").replace("\r", "&#xD;")
    return f'"{whole}"'


def is_xml(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(kind := value.get("$content-type"), str)
        and "xml" in kind.lower()
        and isinstance(value.get("$content"), str)
    )


def of_xml(value: dict[str, Json]) -> Element:
    """Parse an XML value; the result is the document, whose child is the root. Raises BadXml."""
    octets = from_base64(str(value["$content"]))
    if octets is None:
        reason = "$content is not base64"
        raise BadXml(reason)
    return parse_xml(octets)


def parse_xml(octets: bytes) -> Element:
    """Parse a document. Raises BadXml."""
    builder = _Builder(octets)
    try:
        builder.parser.Parse(octets, True)
    except expat.ExpatError as error:
        reason = f"the text is no XML: {error}"
        raise BadXml(reason) from None
    return builder.document


class _Builder:
    def __init__(self, octets: bytes) -> None:
        self.document = Element("#document")
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.ordered_attributes = False
        self._open = self.document
        self._octets = octets
        self._nodes = 0
        self._depth = 0
        self._kind = "#text"
        self.parser.XmlDeclHandler = self._declare
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartCdataSectionHandler = self._start_section
        self.parser.EndCdataSectionHandler = self._end_section

    def _declare(self, version: str, encoding: str | None, standalone: int) -> None:
        words = {"@version": version, "@encoding": encoding}
        words["@standalone"] = {1: "yes", 0: "no"}.get(standalone)
        self.document.declaration = {key: word for key, word in words.items() if word is not None}

    def _refuse(self, *_: object) -> None:
        reason = "a document type is not allowed"
        raise BadXml(reason)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            reason = f"elements are nested deeper than {MAX_NESTING}"
            raise BadXml(reason)
        element = Element(name, self._open, dict(attributes))
        for prefix in {each.partition(":")[0] for each in (name, *attributes) if ":" in each}:
            if namespace_of(prefix, element) is None:
                reason = f"the prefix '{prefix[:80]}' is not declared"
                raise BadXml(reason)
        self._append(element)
        self._open = element

    def _end(self, _name: str) -> None:
        """Close an element. It was written `<a/>` when nothing else stands before this place."""
        here = self.parser.CurrentByteIndex
        self._open.empty = not self._open.children and self._octets[here - 2 : here] == b"/>"
        self._depth -= 1
        self._open = self._open.parent or self.document

    def _text(self, text: str) -> None:
        if self._kind != "#text" or text.strip():
            self._append(Text(text, self._open, self._kind))

    def _append(self, node: Element | Text) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            reason = f"the document has more than {MAX_NODES} elements and texts"
            raise BadXml(reason)
        self._open.children.append(node)

    def _start_section(self) -> None:
        self._kind = "#cdata-section"

    def _end_section(self) -> None:
        self._kind = "#text"


# Tree → text and JSON


def xml_text(element: Element) -> str:
    """Write an element as .NET's OuterXml does, with the namespaces that it uses and its parents declare."""
    used = _prefixes(element)
    inherited: dict[str, str] = {}
    above = element.parent
    while above is not None:
        for name, text in above.attributes.items():
            prefix = name.removeprefix("xmlns").removeprefix(":")
            if is_declaration(name) and prefix in used and name not in element.attributes:
                inherited.setdefault(name, text)
        above = above.parent
    return joined(_written(element, inherited))


def _prefixes(element: Element) -> set[str]:
    """Collect the prefixes of an element and what is in it; none is the empty one."""
    found = {name.rpartition(":")[0] for name in element.attributes if ":" in name}
    found.add(element.name.rpartition(":")[0])
    for child in element.children:
        if isinstance(child, Element):
            found |= _prefixes(child)
    return found


def _written(element: Element, namespaces: Mapping[str, str]) -> list[str]:
    every = {**element.attributes, **namespaces}
    start = element.name + "".join(f" {name}={quoted(text)}" for name, text in every.items())
    if not element.children:
        return [f"<{start} />" if element.empty else f"<{start}></{element.name}>"]
    inside: list[str] = []
    for child in element.children:
        inside += _written(child, {}) if isinstance(child, Element) else [_written_text(child)]
    return [f"<{start}>", *inside, f"</{element.name}>"]


def _written_text(text: Text) -> str:
    return escape(text.value) if text.kind == "#text" else f"<![CDATA[{text.value}]]>"


def to_json(document: Element) -> Json:
    found = _grouped(document)
    return {"?xml": dict(document.declaration), **found} if document.declaration else found


def _grouped(element: Element) -> dict[str, Json]:
    """Group the children by name, in the order of their first appearance, after the attributes."""
    groups: dict[str, list[Json]] = {}
    for child in element.children:
        if isinstance(child, Element):
            groups.setdefault(child.name, []).append(_value(child))
        else:
            groups.setdefault(child.kind, []).append(child.value)
    attributes: dict[str, Json] = {f"@{name}": text for name, text in element.attributes.items()}
    return attributes | {name: values[0] if len(values) == 1 else values for name, values in groups.items()}


def _value(element: Element) -> Json:
    if not element.attributes and not element.children:
        return None if element.empty else ""
    found = _grouped(element)
    return found["#text"] if list(found) == ["#text"] and isinstance(found["#text"], str) else found


# JSON → text


def from_json(value: dict[str, Json]) -> str:
    """Write an object as a document: one property, which becomes the root. Raises BadXml."""
    declaration = ""
    rest = dict(value)
    if isinstance(words := rest.pop("?xml", None), dict):
        pairs = "".join(f' {key.removeprefix("@")}="{text_of(word)}"' for key, word in words.items())
        declaration = f"<?xml{pairs}?>"
    if len(rest) != 1 or any(isinstance(item, list) and len(item) != 1 for item in rest.values()):
        reason = f"a document has one root, not {len(rest)} properties or an array: {json_text(value)[:80]}"
        raise BadXml(reason)
    name, item = next(iter(rest.items()))
    return declaration + joined(_element(name, item[0] if isinstance(item, list) else item, MAX_NESTING))


def _element(name: str, value: Json, levels: int) -> list[str]:
    tag = _tag(name)
    if levels == 0:
        reason = f"arrays and objects are nested deeper than {MAX_NESTING}"
        raise BadXml(reason)
    match value:
        case None:
            return [f"<{tag} />"]
        case list():
            return [part for item in value for part in _element(name, item, levels - 1)]
        case dict():
            return _from_object(tag, value, levels)
        case _:
            return [f"<{tag}>{escape(_scalar(value))}</{tag}>"]


def _from_object(tag: str, value: dict[str, Json], levels: int) -> list[str]:
    attributes = ""
    inside: list[str] = []
    for key, item in value.items():
        if key.startswith("@") and not isinstance(item, dict | list):
            attributes += f" {_tag(key[1:])}={quoted(_scalar(item))}"
        elif key == "#text":
            inside.append(escape(_scalar(item)))
        elif key == "#cdata-section":
            inside.append(f"<![CDATA[{_scalar(item).replace(']]>', ']]]]><![CDATA[>')}]]>")
        else:
            inside += _element(key, item, levels - 1)
    return [f"<{tag}{attributes}>", *inside, f"</{tag}>"] if inside else [f"<{tag}{attributes} />"]


def _scalar(value: Json) -> str:
    """Write a scalar as XML does: booleans in lower case."""
    return ("false", "true")[value] if isinstance(value, bool) else text_of(value)


def _tag(name: str) -> str:
    """Encode what a name may not have, as XmlConvert does: a blank is `_x0020_`."""
    if _NAME.fullmatch(name):
        return name
    if not name:
        reason = "an element needs a name"
        raise BadXml(reason)
    first, rest = name[0], name[1:]
    encoded = first if _NAME.fullmatch(first) else f"_x{ord(first):04X}_"
    return encoded + "".join(c if _NAME.fullmatch(f"a{c}") else f"_x{ord(c):04X}_" for c in rest)
