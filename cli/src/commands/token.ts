/** `easel token create | list | revoke`. */
import { defineCommand } from "citty";
import { UsageError } from "../failure.ts";
import { formatAge, formatTable } from "../format.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const json = { type: "boolean", description: "print JSON" } as const;
const UNIT_MS: Record<string, number> = { h: 3_600_000, d: 86_400_000 };

const create = defineCommand({
  meta: { name: "create", description: "Makes an API token and prints it, this once." },
  args: {
    name: { type: "positional", required: true, description: "what it is for, such as laptop" },
    read: { type: "boolean", description: "it may look, and change nothing" },
    expires: {
      type: "string",
      valueHint: "WHEN",
      description: "12h, 30d or a date such as 2030-01-31 (default: never)",
    },
    account: { type: "string", valueHint: "NAME", description: "for another account; for whoever runs the server" },
    json,
  },
  async run({ args }) {
    const expires_at = args.expires === undefined ? null : readEnd(args.expires, Date.now());
    const access = args.read ? "read" : "write";
    const made = await connect().tokens.create({ name: args.name, access, expires_at, account: args.account });
    if (args.json) return terminal.data(JSON.stringify(made, null, 2));
    terminal.data(made.token);
    const end = expires_at === null ? "" : ` until ${expires_at.slice(0, 16).replace("T", " ")} UTC`;
    terminal.words(
      `${terminal.paint.green("✓")} made; it may ${access === "read" ? "read" : "read and write"}${end}. It is not shown again. Give it as EASEL_TOKEN.`,
    );
  },
});

const list = defineCommand({
  meta: { name: "list", description: "Lists the API tokens of the account." },
  args: { json },
  async run({ args }) {
    const { results, next } = await connect().tokens.list();
    if (args.json) return terminal.data(JSON.stringify(results, null, 2));
    const now = Date.now();
    const rows = results.map((token) => [
      token.id,
      token.name,
      `${token.start}…`,
      token.access,
      formatAge(Date.parse(token.created_at), now),
      token.last_used_at === null ? "never" : formatAge(Date.parse(token.last_used_at), now),
      describeEnd(token.expires_at, now),
    ]);
    terminal.data(formatTable([["ID", "NAME", "BEGINS", "MAY", "MADE", "USED", "ENDS"], ...rows]));
    if (next !== null) terminal.words(`These are the newest ${results.length}.`);
  },
});

const revoke = defineCommand({
  meta: { name: "revoke", description: "Makes an API token worthless, at once and for good." },
  args: { id: { type: "positional", required: true, description: "its id, as `easel token list` shows it" } },
  async run({ args }) {
    await connect().tokens.revoke(args.id);
    terminal.words(`${terminal.paint.green("✓")} revoked. Whatever used it is refused from now on.`);
  },
});

/** An ISO time from "12h", "30d" or a date, whose last moment it is in UTC. */
function readEnd(text: string, now: number): string {
  const [, count, unit = ""] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const duration = UNIT_MS[unit];
  if (duration !== undefined) return new Date(now + Number(count) * duration).toISOString();
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : Number.NaN;
  if (Number.isNaN(day))
    throw new UsageError(`--expires is "${text}".`, "Write 12h, 30d, or a date such as 2030-01-31.");
  return new Date(day).toISOString();
}

function describeEnd(expires: string | null, now: number): string {
  if (expires === null) return "never";
  return Date.parse(expires) <= now ? "has ended" : expires.slice(0, 10);
}

export const token = defineCommand({
  meta: { name: "token", description: "Makes, lists and revokes API tokens." },
  subCommands: { create, list, revoke },
});
