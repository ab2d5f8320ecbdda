"""Files that no honest editor writes: each ends in one sentence with file and line, quickly."""

from __future__ import annotations

import pytest

from config.documents import read

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"a:\n\tb: 1\n", 2, "character that cannot start any token"),
        (b"- a\n- b\n", 1, "a list"),
        (b"just text\n", 1, "a single value"),
        (b"a: 1\n---\nb: 2\n", 2, "another document"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", None, "byte 0x89"),
        (b"a: \x00\n", None, "control characters"),
        (b"a: !!python/object/apply:os.system ['true']\n", 1, "python/object"),
        (b"a: !!int abc\n", 1, "the tag"),
        (b"a: 1\nb: 2\na: 3\n", 3, "a second time"),
        (b"a: {b: 1, b: 2}\n", 1, "a second time"),
        (b"? [a, b]\n: 1\n", 1, "a list as a key"),
        (b"a: &a {b: *a}\n", 1, "aliases that repeat without end"),
        (b"a: [" + b"[" * 900_000, None, "endless nesting"),
        (b"- " * 20_000, None, "endless nesting"),
        (BOMB.encode(), 5, "more than 50,000 values"),
        (b"a: 'open\n", 2, "unexpected end of stream"),
        (b"a: {window_start:yyyy}/*.csv\n", 1, "something other than key"),
        (b"a: [1, 2\nb: 3\n", 2, "something other than ',' or ']'"),
        (b"x" * 1_000_001, None, "1,000,001 bytes"),
    ],
)
def test_a_hostile_file_is_one_problem_with_its_place(tmp_path, content, line, found):
    """Nothing is executed, nothing grows without bound, nothing is a traceback."""
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)

    problem = read(path, "hostile.yaml").problems[0]

    assert found in problem.found
    assert problem.where.line == line


def test_words_of_yaml_1_1_are_text(tmp_path):
    """YAML 1.2: `no`, `on` and `yes` are words; true and false are the only booleans."""
    path = tmp_path / "words.yaml"
    path.write_text("a: no\nb: on\nc: true\nd: 0o17\ne: 017\nf: 1e3\n")

    assert read(path, "words.yaml").values == {"a": "no", "b": "on", "c": True, "d": 15, "e": 17, "f": 1000.0}


def test_the_largest_file_is_read_in_seconds(tmp_path):
    """A megabyte of plain keys, which a parser in Python reads in half a minute or more."""
    path = tmp_path / "large.yaml"
    path.write_text("".join(f"key_{number:05}: a value\n" for number in range(48_000)))

    assert len(read(path, "large.yaml").values) == 48_000


def test_an_anchor_that_is_defined_twice_means_the_nearer_one(tmp_path):
    """YAML 1.2.2, 3.2.2.2: anchors need not be unique."""
    path = tmp_path / "anchors.yaml"
    path.write_text("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")

    assert read(path, "anchors.yaml").values == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_an_empty_file_says_nothing(tmp_path):
    """base.yaml may hold comments only."""
    path = tmp_path / "empty.yaml"
    path.write_text("# later\n")

    assert read(path, "empty.yaml").values == {}
    assert read(path, "empty.yaml").problems == []
