/** A new account on this server, with the one token that its owner begins with. */
import { PATH_NAMES, RESERVED_ACCOUNTS } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { conflict, invalidInput } from "../errors.ts";
import { insertAccount, type TokenRow } from "./store.ts";
import { issueToken } from "./tokens.ts";

/** Throws 409 for a name that is taken, 422 for one of Easel's own. */
export async function createAccount(context: Context, name: string): Promise<{ row: TokenRow; token: string }> {
  if ([...PATH_NAMES, ...RESERVED_ACCOUNTS].includes(name)) {
    const description = `No account can be named ${name}, as something of Easel's own is. Choose another name`;
    throw invalidInput([{ type: "reserved", field: "name", description }]);
  }
  return context.db.transaction().execute(async (tx) => {
    if (!(await insertAccount(tx, name, timestamp(context)))) {
      throw conflict(
        `There is an account ${name} already. \`easel token create NAME --account ${name}\` makes it another token.`,
      );
    }
    return issueToken(context, { account: name, name: "first", access: "write", expiresAt: null }, tx);
  });
}
