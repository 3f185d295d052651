"""YAML with the line every key and every step stands on, so that a refusal can name it.

`on` and `off` are words here, as in YAML 1.2, so that `off: true` can be written without quotes.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from curation.errors import UserError

WORDS = {letter: [(tag, regexp) for tag, regexp in found if tag != "tag:yaml.org,2002:bool"]
         for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}  # fmt: skip


class Loader(yaml.SafeLoader):
    """The safe loader, without aliases: a few lines of them can stand for more values than there is memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next value."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="found an alias", problem_mark=mark)
        return super().compose_node(parent, index)


class Dumper(yaml.SafeDumper):
    """The safe dumper, which writes a value out wherever it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  (any plain value)
        """Always."""
        return True


LONGEST = 200_000  # ours: characters; the longest shipped recipe has 500
BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE|yes|Yes|no|No)$")
for reader in (Loader, Dumper):
    reader.yaml_implicit_resolvers = dict(WORDS)
    reader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOLEAN, list("tTfFyYnN"))


def dump(values: object) -> str:
    """Values as YAML in the order they have."""
    return str(yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100))


@dataclass(frozen=True)
class Lines:
    """The values of a YAML text, its top-level keys by line, and the lines where the items of `steps` begin."""

    values: Any
    keys: dict[str, int]
    steps: list[int]

    @classmethod
    def of(cls, text: str, where: str) -> "Lines":
        """Read a text; UserError names the line of what is no YAML, and how to mend it."""
        if len(text) > LONGEST:
            raise UserError(f"{where} has {len(text):,} characters; at most {LONGEST:,} are read as YAML.")
        try:
            values, node = Loader(text).get_single_data(), yaml.compose(text, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise UserError(f"{where}{line}: this is not valid YAML ({error.problem}); {_remedy(error)}.") from None
        except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            # a date, number or boolean that is none raises any of these
            reason = " ".join(str(error).split())
            raise UserError(f"{where}: this is not valid YAML ({reason}); write plain text in UTF-8.") from None
        except RecursionError:
            raise UserError(f"{where}: values stand inside each other too deeply; write them flatter.") from None
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        keys = {str(key.value): key.start_mark.line + 1 for key, _ in pairs}
        lists = [value.value for key, value in pairs if key.value == "steps" and isinstance(value, yaml.SequenceNode)]
        return cls(values, keys, [item.start_mark.line + 1 for items in lists for item in items])

    def key(self, name: str) -> int:
        """The line of a top-level key."""
        return self.keys.get(name, 1)

    def step(self, number: int) -> int:
        """The line where a step begins, counted from 1."""
        return self.steps[number - 1] if number <= len(self.steps) else self.key("steps")


def _remedy(error: yaml.MarkedYAMLError) -> str:
    if "\\t" in str(error.problem):
        return "indent with spaces, never with a tab"
    if "alias" in str(error.problem):
        return "write out what the alias stands for"
    if "constructor for the tag" in str(error.problem):
        return "remove the tag that begins with '!'"
    return "close every bracket and quote, write 'name: value', and begin each step with '- '"
