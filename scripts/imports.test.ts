import { expect, test } from "vitest";
import { findBreaches } from "./imports.mjs";

test.each([
  ["contract/src/client.ts", 'import { readFile } from "node:fs/promises";'],
  ["contract/src/client.ts", 'import { db } from "../../server/src/db.ts";'],
  ["cli/src/main.ts", 'import { db } from "../../server/src/db.ts";'],
  ["server/src/runs/create.ts", 'import { Hono } from "hono";'],
  ["server/src/runs/create.ts", 'export { app } from "../routes/trainings.ts";'],
  ["server/src/files/store.ts", 'const { run } = await import("../runs/store.ts");'],
  ["server/src/routes/trainings.ts", 'import { sql } from "kysely";'],
  ["runner/main.py", "def load():\n    import torch.nn as nn\n"],
  ["runner/main.py", "import os, numpy"],
  ["models/sdxl/loop.py", "from diffusers.models import UNet2DConditionModel"],
])("%s may not hold %j", (path, source) => {
  expect(findBreaches(path, source)).toHaveLength(1);
});

test.each([
  ["contract/src/client.ts", 'import { z } from "zod";\nimport { Account } from "./account.ts";'],
  ["contract/src/client.test.ts", 'import { test } from "vitest";'],
  ["cli/src/main.ts", 'import { createClient } from "@easel/contract";'],
  ["web/src/snippets.ts", "const shown = `import { readFile } from 'node:fs';`;"],
  ["server/src/routes/trainings.ts", 'import { createRun } from "../runs/create.ts";'],
  ["runner/main.py", "import torch_of_another_name\nimportant = 1"],
  ["models/sdxl/base.py", "from diffusers import UNet2DConditionModel"],
])("%s may hold %j", (path, source) => {
  expect(findBreaches(path, source)).toEqual([]);
});

test("a breach names the line and says why", () => {
  expect(findBreaches("models/sdxl/loop.py", "import math\n\nimport transformers\n")).toEqual([
    "models/sdxl/loop.py:3 imports transformers. loop.py trains whatever it is given: only base.py knows what an SDXL is made of.",
  ]);
});
