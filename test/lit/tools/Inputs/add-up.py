# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: add-up.py IMAGE REPORT.json"""
import json
import os
import sys

image, report = sys.argv[1:]
with open(report) as file:
    entries = json.load(file)["byteMap"]
at = 0
for entry in sorted(entries, key=lambda e: e["offset"]):
    if entry["offset"] != at:
        sys.exit(f"at {at}: next entry begins at {entry['offset']}")
    at += entry["size"]
if at != os.path.getsize(image):
    sys.exit(f"ends at {at} of {os.path.getsize(image)}")
print("the byte map covers the file without gap or overlap")
