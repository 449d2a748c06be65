"""The corpus: texts that somebody, or an agent, might put into a cell, a report or a title.

What would be executed makes a file called `canary`; `no_canary` looks for it.
"""

import os
from pathlib import Path

CANARY = "canary"

SHELL = {
    "substitution": "$(touch canary)",
    "backticks": "`touch canary`",
    "sequence": "; touch canary; #",
    "pipe": "| touch canary",
    "background": "& touch canary &",
    "quotes": "'; touch canary; '\"; touch canary; \"",
    "variable": "${IFS}touch${IFS}canary $HOME ~root",
    "glob": "* ? [a-z]* {a,b}",
    "redirection": "> canary",
    "lines": "first\ntouch canary\r\nlast",
    "comment": "# nothing",
    "backslashes": "\\\\ \\' \\n \\",
    "history": "!! !touch",
}
OPTIONS = {
    "dash": "-",
    "dashes": "--",
    "help": "--help",
    "version": "-V",
    "config": "--config=/etc/passwd",
    "yolo": "--dangerously-skip-permissions",
    "equals": "-o=ProxyCommand=touch canary",
}
TMUX = {
    "job": "#(touch canary)",
    "doubled job": "##(touch canary) #{E:#(touch canary)}",
    "format": "#{pid} #{session_name} #{E:pane_title}",
    "style": "#[fg=red] #[range=user|x]",
    "pane": "%1",
    "session": "$1",
    "window": "@1",
    "exact": "=name:1.0",
    "semicolon": "kill-server ;",
    "escaped semicolon": "kill-server \\;",
    "strftime": "%H:%M %s %n",
    "braces": "{ run-shell 'touch canary' }",
    "conditional": "#{?1,#(touch canary),x}",
}
ESCAPES = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H\x1b[3J",
    "title": "\x1b]0;#(touch canary)\x07",
    "title by C1": "\x9d2;owned\x9c",
    "link": "\x1b]8;;https://evil.example\x07here\x1b]8;;\x07",
    "clipboard": "\x1b]52;c;dG91Y2ggY2FuYXJ5\x07",
    "device control": '\x1bP$q"p\x1b\\ \x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\',
    "query": "\x1b[c\x1b[6n\x1b[21t",
    "unfinished": "end \x1b]0;",
    "C1": "\x9b31m\x90x\x9c\x85\x84",
    "reset": "\x1bc",
    "private": "\x1b[?1049h\x1b[?25l\x1b[?2004l",
    "screen title": "\x1bk#(touch canary)\x1b\\",
}
CONTROLS = {
    "nul": "a\0b",
    "bell": "\a\b\v\f\x1a\x7f",
    "return": "real\rfake",
    "tab": "\tx\t",
    "separators": "a\x1fb\x1ec\x1dd\x1ce",
    "line separator": "a\u2028b\u2029c",
}
UNICODE = {
    "override": "\u202egnp.exe\u202c",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "marks": "\u200e\u200f\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f",
    "combining": "Z" + "\u0300\u0316\u0489" * 60 + "algo",
    "marks alone": "\u0301" * 50,
    "wide": "漢字かな한글🏳️‍🌈👩‍👩‍👧‍👦" * 9,
    "tags": "x\U000e0041\U000e007f",
    "variation": "a\ufe0f\U000e0100",
    "noncharacters": "\uffff\U0010ffff",
    "filler": "\u3164\u115f\u2800",
    "homoglyphs": "Аntenna Ω",
    "special casing": "ßŞİıſK",
    "replacement": "\ufffd",
}
FORMULAS = {
    "command": "=cmd|'/C touch canary'!A0",
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "tab formula": "\t=1+1",
    "return formula": "\r=1+1",
    "wide equals": "＝1+1",
    "hyperlink": '=HYPERLINK("http://evil.example","x")',
    "quoted": '"=1+1"',
    "csv": 'a,"b""c",d',
}
PATHS = {
    "parent": "../../canary",
    "absolute": "/etc/passwd",
    "home": "~",
    "dot": ".",
    "dots": "..",
    "encoded": "..%2f..%2fcanary %00 %0d%0aX-Evil:%20y",
    "backslash": "..\\..\\canary",
    "device": "CON",
    "null device": "nul.txt",
    "long": "n" * 199,
    "longer": "n" * 300,
    "stream": "a:b::$DATA",
    "hidden": ".ssh",
    "slashes": "//a//b/",
}
MARKUP = {
    "rich": "[red]x[/red] [bold",
    "rich link": "[link=file:///etc/passwd]x[/link]",
    "rich close": "[/] [/nope]",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "entities": "&lt;b&gt; &#27;",
    "markdown": "[x](javascript:alert(1)) ![](http://evil.example/x)",
    "json": '","status":"Completed","x":"',
    "yaml": "- &a [*a, !!python/object/apply:os.system [touch canary]]",
    "yaml end": "---\n...\nkey: value",
    "events": "data: x\n\nevent: report\ndata: {}\n\n",
    "label": 'x"} 1\n# TYPE evil gauge\nevil{a="\\',
    "label end": "\\",
    "sql": "'; DROP TABLE events; --",
    "log": "x\n2026-01-01 00:00:00,000 INFO    fleet Stopped: forged",
}
TEMPLATES = {
    "prompt": "{prompt} {model} {conversation}",
    "doubled": "{{prompt}} {{{prompt}}}",
    "percent": "%s %d %(name)s %",
    "attribute": "{0.__class__} {project.__init__.__globals__}",
    "dollar": "$prompt ${prompt}",
    "jinja": "{% for x in y %}{{ 7*7 }}",
}

TEXTS = {
    **SHELL, **OPTIONS, **TMUX, **ESCAPES, **CONTROLS, **UNICODE, **FORMULAS, **PATHS, **MARKUP,
    **TEMPLATES,
}  # fmt: skip
"""What for → the text."""


def _is_name(text: str) -> bool:
    plain = not any(ord(char) < 0x20 or ord(char) == 0x7F for char in text)
    return plain and 1 <= len(text) <= 200 and text == text.strip()


CELLS = {what: text for what, text in TEXTS.items() if "\0" not in text}
"""Those that a CSV file can hold."""
NAMES = {what: text for what, text in TEXTS.items() if _is_name(text)}
"""Those that are valid names of projects."""


def no_canary(*folders: Path) -> None:
    """Nothing of the corpus was executed."""
    for folder in folders:
        found = [path for path, _, names in os.walk(folder) if CANARY in names]
        assert not found, found


def assert_tame(text: str) -> None:
    """The text drives no terminal: it is of printable characters and line feeds alone."""
    wild = sorted({char for char in text if not (char.isprintable() or char == "\n")})
    assert not wild, wild
