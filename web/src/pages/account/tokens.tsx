/** API tokens: made, shown once, and taken back. */
import type { NewToken, Token, TokenAccess } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";

const KEY = ["tokens"];
const DAY_MS = 86_400_000;
const LIVES = [
  { value: "", label: "No end" },
  { value: "30", label: "30 days" },
  { value: "365", label: "A year" },
];

export function Tokens() {
  const { data, error } = useQuery({ queryKey: KEY, queryFn: () => client.tokens.list() });
  return (
    <Card title="API tokens">
      <div className="flex flex-col gap-5">
        {error !== null && <ErrorNotice error={error} />}
        <ul className="flex flex-col divide-y divide-line">
          {data?.results.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </ul>
        <MakeToken />
      </div>
    </Card>
  );
}

function TokenRow({ token }: { token: Token }) {
  const [isAsked, setAsked] = useState(false);
  const revoke = useMutation({
    mutationFn: () => client.tokens.revoke(token.id),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-3">
      <span className="min-w-0">
        <span className="font-medium break-words">{token.name}</span>{" "}
        <span className="font-mono text-xs text-soft">{token.start}…</span>
        <span className="block text-sm text-soft">
          {token.access === "write" ? "reads and writes" : "only reads"}
          {token.last_used_at === null ? (
            ", never used"
          ) : (
            <>
              , last used <Moment at={token.last_used_at} />
            </>
          )}
          {token.expires_at !== null && `, ends ${new Date(token.expires_at).toLocaleDateString()}`}
        </span>
      </span>
      <Button size="small" look="quiet" busy={revoke.isPending} onClick={() => setAsked(true)}>
        Revoke
      </Button>
      {revoke.isError && <ErrorNotice error={revoke.error} />}
      <Confirm
        open={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={() => revoke.mutate()}
        title={`Revoke ${token.name}?`}
        action="Revoke the token"
      >
        Whatever uses it is refused from then on; whoever signed in with it is signed out.
      </Confirm>
    </li>
  );
}

function MakeToken() {
  const [name, setName] = useState("");
  const [access, setAccess] = useState<TokenAccess>("write");
  const [days, setDays] = useState("");
  const make = useMutation({
    mutationFn: () => {
      const expires_at = days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
      return client.tokens.create({ name, access, expires_at });
    },
    onSuccess: () => {
      setName("");
      queries.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      {make.data !== undefined && <Made token={make.data} />}
      {make.isError && <ErrorNotice error={make.error} />}
      <div className="grid items-end gap-3 sm:grid-cols-[2fr_1fr_1fr_auto]">
        <TextField label="Name of a new token" placeholder="laptop" value={name} onChange={setName} required />
        <SelectField
          label="It may"
          value={access}
          onChange={(value) => setAccess(value === "read" ? "read" : "write")}
          options={[
            { value: "write", label: "Read and write" },
            { value: "read", label: "Only read" },
          ]}
        />
        <SelectField label="It ends after" value={days} onChange={setDays} options={LIVES} />
        <Button type="submit" busy={make.isPending}>
          Make a token
        </Button>
      </div>
    </form>
  );
}

function Made({ token }: { token: NewToken }) {
  return (
    <Notice
      tone="good"
      title={`${token.name} is made. This is the only time that it is shown.`}
      actions={<CopyButton text={token.token} label="Copy the token" />}
    >
      <code className="font-mono text-xs break-all">{token.token}</code>
    </Notice>
  );
}
