"""Draws with a trained version through Replicate's own client for Python: only the base URL differs.

REPLICATE_API_TOKEN=… REPLICATE_BASE_URL=http://127.0.0.1:7788 \\
    python examples/run.py you/toy:VERSION "a TOK emoji of a fox" fox.png
"""

import sys

import replicate

version, prompt, path = sys.argv[1:]

output = replicate.run(version, input={"prompt": prompt, "seed": 1})
with open(path, "wb") as file:
    file.write(output[0].read())
