"""Writes the pages."""

from docs.generate import written

for path, content in written().items():
    path.write_text(content, encoding="utf-8")
