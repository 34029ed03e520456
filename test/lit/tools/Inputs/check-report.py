# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: check-report.py IMAGE JSON

Checks what `ampoule report --json` prints against docs/report-format.md."""
import json
import os
import sys

TEXT, COUNT, FLAG = str, int, bool
NUMBER = "number"  # may be negative
MODULE = {"after": COUNT, "before?": COUNT, "program?": FLAG}
NODE = {"name": TEXT, "kind": TEXT, "module": TEXT, "fate": TEXT,
        "object?": TEXT, "by?": TEXT, "into?": [TEXT], "size?": COUNT,
        "before?": COUNT, "place?": COUNT, "symbols?": [TEXT]}
PARAMETER = {"name": TEXT, "help": TEXT, "place": TEXT, "type": TEXT,
             "value": TEXT, "state": TEXT, "least": NUMBER, "most": NUMBER,
             "choices?": [TEXT]}
SCHEMA = {
    "schema": COUNT, "buildId": TEXT, "target": TEXT, "fileSize": COUNT,
    "seed?": COUNT,
    "settings": [{"name": TEXT, "place": TEXT, "atBoot": FLAG,
                  "value": (COUNT, TEXT)}],
    "parameters": [PARAMETER],
    "unsealable": [{"name": TEXT, "address": COUNT, "symbol": TEXT}],
    "embedded": [{"folder": TEXT, "mount": TEXT, "place": TEXT}],
    "files": COUNT, "filesKept": COUNT, "filesKeptFor": TEXT,
    "startedModules": [TEXT], "hypercalls": [TEXT], "cpuFeatures": [TEXT],
    "unimplementedSystemCalls": [TEXT], "virtualFunctionsKeptBecause": [TEXT],
    "modules": {"*": MODULE},
    "unsupportedArguments": [{"call": TEXT, "what": TEXT, "place": TEXT,
                              "value?": COUNT}],
    "erasedUses": [{"name": TEXT, "place": TEXT}],
    "byteMap": [{"offset": COUNT, "size": COUNT, "kind": TEXT, "module": TEXT,
                 "symbol": TEXT}],
    "segments": [{"address": COUNT, "offset": COUNT, "fileSize": COUNT,
                  "memorySize": COUNT}],
    "memory": [{"address": COUNT, "size": COUNT, "permission": TEXT,
                "purpose": TEXT}],
    "graph": {"nodes": [NODE], "reasons": [TEXT], "places": [TEXT],
              "keys": [TEXT], "roots": [[COUNT]], "edges": [[COUNT]],
              "virtualCalls": [[COUNT]], "slots": [[COUNT]]},
    "functions": {"before": COUNT, "kept": COUNT},
    "blockers": [{"title": TEXT, "hint": TEXT, "bytes": COUNT,
                  "definitions": COUNT, "start": TEXT, "node": COUNT}],
    "subtrees": [{"node": COUNT, "depth": COUNT, "bytes": COUNT}],
    "pages": [{"address": COUNT, "size": COUNT, "permission": TEXT,
               "purpose": TEXT, "padding": COUNT, "zero": COUNT,
               "modules": {"*": COUNT}}],
}
KINDS = {"header", "code", "data", "unwind", "table", "padding"}
FATES = {"kept", "unreachable", "removed", "inlined", "folded", "discarded",
         "declaration"}


def check(value, schema, where):
    if isinstance(schema, list):
        assert isinstance(value, list), where
        for i, item in enumerate(value):
            check(item, schema[0], f"{where}[{i}]")
    elif isinstance(schema, dict):
        assert isinstance(value, dict), where
        if "*" in schema:
            for key, item in value.items():
                check(item, schema["*"], f"{where}.{key}")
            return
        required = {key for key in schema if not key.endswith("?")}
        assert required <= set(value), f"{where}: lacks {required - set(value)}"
        for key, item in value.items():
            assert key in schema or key + "?" in schema, f"{where}.{key}"
            check(item, schema.get(key, schema.get(key + "?")),
                  f"{where}.{key}")
    elif schema is NUMBER:
        assert type(value) is int, where
    elif isinstance(schema, tuple):
        assert type(value) in schema, where
    else:
        assert type(value) is schema, where
        assert schema is not COUNT or value >= 0, where


image, path = sys.argv[1:]
with open(path) as file:
    text = file.read()
report = json.loads(text)
check(report, SCHEMA, "report")
at = 0
for entry in report["byteMap"]:
    assert entry["offset"] == at, f"the byte map has a hole at {at}"
    assert entry["kind"] in KINDS and entry["size"] > 0
    at += entry["size"]
size = os.path.getsize(image)
assert at == size == report["fileSize"], (at, size, report["fileSize"])
nodes = report["graph"]["nodes"]
assert {node["fate"] for node in nodes} <= FATES
# Every byte that has a symbol belongs to a node, and to one.
defined = {}
for node in nodes:
    if node["fate"] != "declaration":
        for name in [node["name"], *node.get("symbols", [])]:
            defined.setdefault(name, node)
assert all(entry["symbol"] in defined
           for entry in report["byteMap"] if entry["symbol"])
assert sum(entry["size"] for entry in report["byteMap"] if entry["symbol"]) == \
    sum(node.get("size", 0) for node in nodes)
pages = report["pages"]
for page in pages:
    assert page["permission"] in ("r-x", "r--", "rw-", "---"), page
    assert page["size"] % 4096 == 0 and \
        sum(page["modules"].values()) + page["padding"] + page["zero"] == \
        page["size"], page
loaded = sum(segment["fileSize"] for segment in report["segments"])
assert sum(sum(page["modules"].values()) + page["padding"]
           for page in pages) == loaded
for word in ("/tmp", os.getcwd(), os.path.expanduser("~") + "/"):
    assert word not in text, f"names {word}"
print(f"{size} bytes in {len(report['byteMap'])} entries, {len(nodes)} nodes, "
      f"{len(pages)} pages: valid")
