import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests read the contract's source, so that a change there needs no build before a test run.
const alias = { "@easel/contract": fileURLToPath(new URL("./contract/src/index.ts", import.meta.url)) };

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{contract,server,cli,web,scripts}/**/*.test.ts"],
          exclude: ["**/dist/**", "**/node_modules/**"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
