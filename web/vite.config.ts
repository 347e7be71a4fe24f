/** Builds the pages into dist/, which the server serves. `npm run dev -w web` serves them anew at every change. */
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), tailwind()],
  resolve: { alias: { "@easel/contract": fileURLToPath(new URL("../contract/src/index.ts", import.meta.url)) } },
  // light-dark() came to all browsers in May 2024; older targets would get it rewritten into twice the styles.
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // zod is set up before any schema is made: it stands with its set-up in a file of its own, without a schema.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "zod", test: /node_modules\/zod\/|plain-zod/ }] } },
    },
  },
  server: { proxy: { "/v1": { target: process.env.EASEL_URL ?? "http://127.0.0.1:7788", changeOrigin: false } } },
});
