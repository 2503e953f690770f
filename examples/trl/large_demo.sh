#!/usr/bin/env bash
# The demo's world at forty million parameters on one GPU, from a checkout of the project.
# torch stays the one that is there; what TRL needs beside it is installed into the same environment.
set -euo pipefail

python -c 'import torch; assert torch.cuda.is_available(), "torch sees no GPU"'
python -m pip install --quiet . './backends/trl[train]'
out="${1:-demo-large}"
toolverify demo --size large --device cuda --out "$out"

# What it ran on, for whoever reads the figures.
python - "$out" <<'PY'
import json, sys, pathlib, torch
summary = pathlib.Path(sys.argv[1], "summary.json")
known = json.loads(summary.read_text())
known["versions"] |= {"cuda": torch.version.cuda, "gpu": torch.cuda.get_device_name(0)}
summary.write_text(json.dumps(known, indent=2) + "\n")
print(json.dumps(known["versions"], indent=2))
PY
