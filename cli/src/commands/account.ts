/** `easel account show | create | list`. */
import { defineCommand } from "citty";
import { formatAge, formatTable } from "../format.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const json = { type: "boolean", description: "print JSON" } as const;

const show = defineCommand({
  meta: { name: "show", description: "Says whom your token speaks for." },
  args: { json },
  async run({ args }) {
    const account = await connect().account.get();
    terminal.data(args.json ? JSON.stringify(account, null, 2) : account.username);
  },
});

const create = defineCommand({
  meta: { name: "create", description: "Makes an account and prints its first token; for whoever runs the server." },
  args: { name: { type: "positional", required: true, description: "what its models begin with" }, json },
  async run({ args }) {
    const made = await connect().accounts.create({ name: args.name });
    if (args.json) return terminal.data(JSON.stringify(made, null, 2));
    terminal.data(made.token.token);
    terminal.words(
      `${terminal.paint.green("✓")} ${made.username} is there. This is its token, not shown again: hand it over, to be given as EASEL_TOKEN.`,
    );
  },
});

const list = defineCommand({
  meta: { name: "list", description: "Lists all accounts; for whoever runs the server." },
  args: { json },
  async run({ args }) {
    const accounts = await connect().accounts.list();
    if (args.json) return terminal.data(JSON.stringify(accounts, null, 2));
    const rows = accounts.map(({ username, created_at }) => [username, formatAge(Date.parse(created_at), Date.now())]);
    terminal.data(formatTable([["ACCOUNT", "MADE"], ...rows]));
  },
});

export const account = defineCommand({
  meta: { name: "account", description: "Says who you are, and makes accounts." },
  subCommands: { show, create, list },
});
