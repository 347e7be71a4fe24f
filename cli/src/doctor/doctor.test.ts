import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isWhole } from "./bases.ts";
import { checkMemory, checkNode } from "./machine.ts";
import { judgePython, type Probe } from "./python.ts";

const statuses = (probe: Probe) => judgePython(probe).map(({ check, status }) => `${check} ${status}`);
const packages = { diffusers: "0.42.1", transformers: "5.23.0", peft: "0.21.2", cog: "0.23.1" };

test("a machine with a large GPU is well", () => {
  const gpus = [{ name: "H200", bytes: 150e9 }];
  expect(statuses({ python: "3.11.7", packages, torch: "2.13.0", cuda: "13.0", gpus })).toEqual([
    "Python ok",
    "torch ok",
    "GPU ok",
  ]);
});

test("what is missing or too old is named with the way out", () => {
  const findings = judgePython({
    python: "3.10.1",
    packages: { ...packages, peft: null },
    error: "ModuleNotFoundError: torch",
  });
  expect(findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
    "Python fail",
    "packages fail",
    "torch fail",
    "GPU warn",
  ]);
  expect(findings.every(({ status, fix }) => status === "ok" || fix)).toBe(true);
});

test("a small GPU is a warning", () => {
  const gpus = [{ name: "GTX", bytes: 6e9 }];
  expect(statuses({ python: "3.13.0", packages, torch: "2.13.0", cuda: "13.0", gpus })).toContain("GPU warn");
});

test("Node and memory have their floors", () => {
  expect(checkNode("20.19.0").status).toBe("fail");
  expect(checkNode("20.20.0").status).toBe("ok");
  expect(checkNode("24.0.0").status).toBe("ok");
  expect([8e9, 2.5e9, 1e9].map((free) => checkMemory(free, 8e9).status)).toEqual(["ok", "warn", "fail"]);
});

test("a weights file that was cut is told from a whole one", () => {
  const folder = mkdtempSync(join(tmpdir(), "easel-doctor-"));
  const path = join(folder, "model.safetensors");
  const header = Buffer.from(JSON.stringify({ weight: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = Buffer.concat([length, header, Buffer.alloc(8)]);
  const verdict = (bytes: Buffer) => {
    writeFileSync(path, bytes);
    return isWhole(path);
  };
  expect(verdict(file)).toBe(true);
  expect(verdict(file.subarray(0, file.length - 1))).toBe(false);
  expect(verdict(Buffer.from("version https://git-lfs.github.com/spec/v1"))).toBe(false);
  rmSync(folder, { recursive: true });
});
