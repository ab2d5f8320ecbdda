"""xml(), json() of it, and xpath()."""

import pytest

from adf.language import InvalidArgument, Json, Scope, evaluate

ORCHARD = "<r><a n='1'>x<b>2</b></a><!-- c --><a n='2'><b>3</b></a><e/></r>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a/>", {"a": None}),
        ("<a></a>", {"a": ""}),
        ("<a> \n <b>1</b> <b/> </a>", {"a": {"b": ["1", None]}}),
        ("<a x='1'>t</a>", {"a": {"@x": "1", "#text": "t"}}),
        ("<a><![CDATA[<]]></a>", {"a": {"#cdata-section": "<"}}),
        ("<?xml version='1.0'?><a/>", {"?xml": {"@version": "1.0"}, "a": None}),
        ("<n:a xmlns:n='u'>1</n:a>", {"n:a": {"@xmlns:n": "u", "#text": "1"}}),
    ],
)
def test_xml_becomes_json(text: str, expected: object):
    """Attributes have an @, elements of one name are an array, blanks between elements are nothing."""
    assert expected == evaluate("@json(xml(item()))", Scope(item=text))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"a": {"@x": '"<', "b": [1, True, None], "#text": "&"}},
            '<a x="&quot;&lt;"><b>1</b><b>true</b><b />&amp;</a>',
        ),
        ({"?xml": {"@version": "1.0"}, "a": 1.5}, '<?xml version="1.0"?><a>1.5</a>'),
        ({"a b": None}, "<a_x0020_b />"),
    ],
)
def test_json_becomes_xml(value: object, expected: str):
    """With one root."""
    assert expected == evaluate("@string(xml(item()))", Scope(item=value))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("count(//a)", 2.0),
        ("sum(//b)", 5.0),
        ("string(/r/a[2]/@n)", "2"),
        ("/r/a/@n", ["1", "2"]),
        ("//a[@n = '1']/text()", ["x"]),
        ("//b[. > 2]/text()", ["3"]),
        ("string(//a[last()]/b)", "3"),
        ("//a[position() < 2]/b/text() | //a[2]/@n", ["2", "2"]),
        ("boolean(//nothing)", False),
        ("name(/*/*[3])", "e"),
        ("normalize-space('  a  b ')", "a b"),
        ("substring('12345', 2, 3)", "234"),
        ("-(1 + 2 * 3) mod 4", -3.0),
        ("count(//b/ancestor::*)", 3.0),
        ("string(//a[1]/following-sibling::a/b)", "3"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("not(1 = 1 and 2 != 2)", True),
    ],
)
def test_xpath_gives_numbers_texts_booleans_or_arrays(path: str, expected: object):
    """XPath 1.0."""
    value = evaluate("@xpath(xml(item().x), item().p)", Scope(item={"x": ORCHARD, "p": path}))

    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("count(/r/*)", 0.0),
        ("string(/*[name()='r']/*[name()='p:a'])", "1"),
        ("string(/*/*[local-name()='a' and namespace-uri()='urn:p'])", "1"),
        ("string(/*/*[local-name()='a' and namespace-uri()='urn:d'])", "2"),
        ("namespace-uri(/*/@q:n)", "urn:q"),
        ("namespace-uri(/*/@n)", ""),
        ("string(//b)", "3"),
        ("count(/*/@*)", 2.0),
    ],
)
def test_a_name_without_a_prefix_is_in_no_namespace(path: str, expected: object):
    """Names in one are found by local-name() and namespace-uri(); declarations are no attributes."""
    text = "<r xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q' q:n='x' n='y'><p:a>1</p:a><a>2</a>{}</r>"
    item: Json = {"x": text.format("<b xmlns=''>3</b>"), "p": path.replace("@q:n", "@*[name()='q:n']")}

    assert expected == evaluate("@xpath(xml(item().x), item().p)", Scope(item=item))


def test_an_example_of_the_documentation_finds_an_element_in_a_namespace():
    """The element found declares the namespace that it is in."""
    file = '<file xmlns="https://contoso.com"><location>Paris</location></file>'
    path = '/*[name()="file"]/*[name()="location"]'
    scope = Scope(item={"file": file, "path": path})

    assert '<location xmlns="https://contoso.com">Paris</location>' == evaluate(
        "@string(xpath(xml(item().file), item().path)[0])", scope
    )


def test_xpath_gives_elements_as_xml():
    """Each a value of its own."""
    scope = Scope(item="<r><a>1</a><a>2</a></r>")

    assert "<a>2</a>" == evaluate("@string(last(xpath(xml(item()), '/r/a')))", scope)


@pytest.mark.parametrize(
    "path", ["/r[", "f()", "//a[", "count(1)", "$x", "1 +", "(" * 500, "a::b", "", "/p:a", "//@p:*"]
)
def test_a_bad_path_is_an_error(path: str):
    """However deep."""
    with pytest.raises(InvalidArgument):
        evaluate("@xpath(xml(item().x), item().p)", Scope(item={"x": ORCHARD, "p": path}))


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<a>" * 5000,
        "<a",
        "<p:a/>",
        "<a p:b='1'/>",
        "",
    ],
)
def test_dangerous_or_broken_xml_is_an_error(text: str):
    """No document types, so no entities; no endless nesting."""
    with pytest.raises(InvalidArgument):
        evaluate("@xml(item())", Scope(item=text))
