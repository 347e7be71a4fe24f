/** Where this program stands in a checkout of Easel; undefined where it was installed without one. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../", import.meta.url));

export const CHECKOUT = existsSync(`${folder}scripts/setup.mjs`) ? folder : undefined;
