/** The Python environment of the checkout, torch in it, and what torch can compute on. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatBytes } from "../format.ts";
import type { Finding } from "./finding.ts";

const SET_UP = "Run `npm run setup` in the checkout.";

const PROBE = `
import importlib.metadata as metadata, json, sys
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return None
found = {"python": sys.version.split()[0], "packages": {name: version(name) for name in ("diffusers", "transformers", "peft", "cog")}}
try:
    import torch
    found["torch"], found["cuda"] = torch.__version__, torch.version.cuda
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    found["gpus"] = [{"name": torch.cuda.get_device_name(i), "bytes": torch.cuda.get_device_properties(i).total_memory} for i in gpus]
except Exception as error:
    found["error"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
`;

const Probe = z.object({
  python: z.string(),
  packages: z.record(z.string(), z.string().nullable()),
  torch: z.string().optional(),
  cuda: z.string().nullish(),
  gpus: z.array(z.object({ name: z.string(), bytes: z.number() })).optional(),
  error: z.string().optional(),
});
export type Probe = z.infer<typeof Probe>;

export async function checkPython(checkout: string): Promise<Finding[]> {
  const python = join(checkout, ".venv", "bin", "python");
  if (!existsSync(python)) {
    return [{ check: "Python", status: "fail", detail: "there is no environment in .venv", fix: SET_UP }];
  }
  const { output, error } = await probe(python);
  if (output !== undefined) return judgePython(output);
  return [
    {
      check: "Python",
      status: "fail",
      detail: `the environment in .venv does not run: ${error}`,
      fix: `Remove .venv. ${SET_UP}`,
    },
  ];
}

/** What the probe's answer means. */
export function judgePython({ python, packages, torch, cuda, gpus = [], error }: Probe): Finding[] {
  const minor = Number(python.split(".")[1]);
  const fits = python.startsWith("3.") && minor >= 11 && minor <= 13;
  const missing = Object.entries(packages).flatMap(([name, version]) => (version === null ? [name] : []));
  return [
    fits
      ? { check: "Python", status: "ok", detail: python }
      : {
          check: "Python",
          status: "fail",
          detail: `${python}; 3.11, 3.12 or 3.13 is needed`,
          fix: `Remove .venv and name a newer one in EASEL_PYTHON. ${SET_UP}`,
        },
    ...(missing.length > 0
      ? [{ check: "packages", status: "fail" as const, detail: `${missing.join(", ")} missing`, fix: SET_UP }]
      : []),
    torch === undefined
      ? { check: "torch", status: "fail", detail: error ?? "is missing", fix: `Remove .venv. ${SET_UP}` }
      : { check: "torch", status: "ok", detail: cuda ? `${torch} with CUDA ${cuda}` : torch },
    judgeGpu(gpus, cuda ?? null),
  ];
}

/** The smallest GPU on which SDXL trains, with batch 1 and activations computed again. */
const GPU_BYTES_MIN = 11.5e9;

function judgeGpu(gpus: NonNullable<Probe["gpus"]>, cuda: string | null): Finding {
  const [gpu] = gpus.toSorted((a, b) => b.bytes - a.bytes);
  if (gpu === undefined) {
    const fix = cuda
      ? "If there is one, its driver is too old for this torch: see https://pytorch.org/get-started"
      : "With one, remove .venv and run `npm run setup`.";
    return {
      check: "GPU",
      status: "warn",
      detail: "no NVIDIA GPU: easel/emoji trains on the CPU, SDXL needs a GPU",
      fix,
    };
  }
  const detail = gpus.map(({ name, bytes }) => `${name}, ${formatBytes(bytes)}`).join("; ");
  if (gpu.bytes >= GPU_BYTES_MIN) return { check: "GPU", status: "ok", detail };
  return { check: "GPU", status: "warn", detail, fix: "SDXL trains from 12 GB on; easel/emoji trains here." };
}

function probe(python: string): Promise<{ output?: Probe; error?: string }> {
  return new Promise((resolve) => {
    execFile(python, ["-c", PROBE], { timeout: 60_000 }, (failure, stdout, stderr) => {
      const found = failure ? undefined : Probe.safeParse(JSON.parse(stdout));
      if (found?.success) resolve({ output: found.data });
      else resolve({ error: stderr.trim().split("\n").at(-1) || failure?.message || "it answers nonsense" });
    });
  });
}
