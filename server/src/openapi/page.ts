/** The page that shows the OpenAPI document to a reader: drawn by the server, without script, from the same table. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { templateOf } from "./document.ts";
import { type Operation, SECTIONS } from "./operations.ts";
import { type JsonSchema, schemasOfContract } from "./schemas.ts";

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 58rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin: 0; }
  code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
  details { border-top: 1px solid rgb(128 128 128 / .3); padding: .5rem 0; }
  summary { cursor: pointer; } summary code { overflow-wrap: anywhere; } .quiet { opacity: .7; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 .5rem 1rem; } dd { margin: 0; }
  pre { background: rgb(128 128 128 / .12); padding: .75rem; border-radius: .5rem; overflow-x: auto; }
`;

/** What a browser may do with the page: show it in its own style, and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function openApiPage() {
  const schemas = Object.entries(schemasOfContract());
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Easel's HTTP API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>Easel's HTTP API</h1>
<p>Replicate's, and what Easel adds to it. Send an API token as <code>Authorization: Bearer …</code>. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
${SECTIONS.map(({ name, operations }) => html`<h2>${name}</h2>${operations.map(showOperation)}`)}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => showSchema(name, schema))}
</body>
</html>`;
}

function showOperation({ route, id, says, query = {}, headers = {}, body, replies, isOpen }: Operation) {
  const [method = "", path = ""] = route.split(" ");
  const facts = [
    ...Object.entries(query).map(([name, text]) => ({ name: `?${name}=`, text: html`${text}` })),
    ...Object.entries(headers).map(([name, text]) => ({ name: `${name}:`, text: html`${text}` })),
    ...(body === undefined ? [] : [{ name: "body", text: showBody(body) }]),
    ...Object.entries(replies).map(([status, reply]) => ({ name: status, text: showReply(reply) })),
  ];
  return html`<details id="${id}">
<summary><code><strong>${method}</strong> ${templateOf(path)}</code> <span class="quiet">${says}</span></summary>
<dl>${facts.map(({ name, text }) => html`<dt><code>${name}</code></dt><dd>${text}</dd>`)}</dl>
${isOpen ? html`<p class="quiet">Needs no token.</p>` : ""}
</details>`;
}

function showBody(body: NonNullable<Operation["body"]>) {
  return typeof body === "string" ? linkTo(body) : html`${body.type}: ${body.says}`;
}

function showReply(reply: Operation["replies"][number]) {
  if (reply === null || reply === undefined) return html`nothing`;
  return typeof reply === "string" ? linkTo(reply) : html`${reply.type}`;
}

function showSchema(name: string, schema: JsonSchema) {
  return html`<details id="schema-${name}"><summary><code>${name}</code></summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`;
}

function linkTo(name: string) {
  return html`<a href="#schema-${name}"><code>${name}</code></a>`;
}
