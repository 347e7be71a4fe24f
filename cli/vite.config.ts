/** The command line as one file, dist/easel.js, which needs nothing beside it: what `npm pack` packs. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: { alias: { "@easel/contract": fileURLToPath(new URL("../contract/src/index.ts", import.meta.url)) } },
  ssr: { noExternal: true },
  build: {
    ssr: "src/main.ts",
    target: "node20",
    // What tsc builds for the checkout lies there too.
    emptyOutDir: false,
    license: { fileName: "LICENSES.md" },
    rolldownOptions: { output: { entryFileNames: "easel.js", codeSplitting: false } },
  },
});
