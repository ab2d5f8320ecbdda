"""As much of Azure Resource Manager as our templates need: parameters, variables and concat, evaluated.

Written from "Syntax and expressions in ARM templates", not from what writes the templates.
"""

import re
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<name>\w+)|(?P<mark>[(),]))", re.DOTALL)


@dataclass
class Deployment:
    """A template with the values of a parameters file."""

    template: dict[str, Any]
    values: dict[str, Any]

    def missing(self) -> set[str]:
        """Parameters that Resource Manager would ask for."""
        required = {name for name, said in self.template["parameters"].items() if "defaultValue" not in said}
        return required - set(self.values)

    def bodies(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(type, name) → the properties that the resource provider is sent."""
        evaluated = [self.evaluated(resource) for resource in self.template["resources"]]
        return {(each["type"], each["name"]): each["properties"] for each in evaluated}

    def evaluated(self, body: Any) -> Any:
        match body:
            case str():
                return self._text(body)
            case dict():
                return {self._text(key): self.evaluated(value) for key, value in body.items()}
            case list():
                return [self.evaluated(value) for value in body]
        return body

    def _text(self, text: str) -> str:
        if not (text.startswith("[") and text.endswith("]")):
            return text
        if text.startswith("[["):
            return text[1:]
        tokens = list(TOKEN.finditer(text[1:-1]))
        assert "".join(match.group() for match in tokens) == text[1:-1], f"no expression: {text}"
        value, rest = self._term([(match.lastgroup, match.group().strip()) for match in tokens])
        assert rest == [], f"more than one expression: {text}"
        return value

    def _term(self, tokens: list[tuple[str | None, str]]) -> tuple[str, list[tuple[str | None, str]]]:
        (kind, text), *rest = tokens
        if kind == "string":
            return text[1:-1].replace("''", "'"), rest
        assert kind == "name"
        assert rest[0] == ("mark", "(")
        arguments, rest = [], rest[1:]
        while True:
            argument, rest = self._term(rest)
            arguments.append(argument)
            (_, mark), *rest = rest
            if mark == ")":
                return self._call(text, arguments), rest
            assert mark == ","

    def _call(self, function: str, arguments: list[str]) -> str:
        if function == "concat":
            return "".join(arguments)
        (name,) = arguments
        if function == "variables":
            return self.evaluated(self.template["variables"][name])
        assert function == "parameters", f"unknown function {function}"
        if name in self.values:
            return self.values[name]
        return self.evaluated(self.template["parameters"][name]["defaultValue"])


def names_as_microsofts_script_reads_them(template: dict[str, Any]) -> list[str]:
    """PrePostDeploymentScript.ps1: `$_.name.Substring(37, $_.name.Length - 40)`."""
    return [resource["name"][37 : 37 + len(resource["name"]) - 40] for resource in template["resources"]]
