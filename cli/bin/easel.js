#!/usr/bin/env node
// In a checkout what tsc has just built; in the package, which has not that, the one file that holds it all.
import { existsSync } from "node:fs";

const built = new URL("../dist/main.js", import.meta.url);
await import(existsSync(built) ? built.href : "../dist/easel.js");
