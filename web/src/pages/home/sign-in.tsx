/** The first thing that a new visitor sees. The page asked for comes as soon as the token is known. */
import { type FormEvent, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/field.tsx";
import { Mark } from "../../parts/mark.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { useSignIn } from "../../session.ts";

export function SignIn() {
  const [token, setToken] = useState("");
  const signIn = useSignIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== "") signIn.mutate(token);
  };
  return (
    <div className="mx-auto flex max-w-md flex-col gap-6 px-4 py-12 sm:py-20">
      <title>Sign in · Easel</title>
      <div>
        <div className="mb-4 [&_svg]:size-10">
          <Mark />
        </div>
        <h1 className="text-2xl font-semibold tracking-tight">Teach a model your own images</h1>
        <p className="mt-2 text-soft">
          A handful of pictures, a minute or two, and it draws anything in their manner. It all stays on this machine.
        </p>
      </div>
      <form onSubmit={submit} className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-5 sm:p-6">
        <TextField
          label="API token"
          hint="The server prints it at its first start, and keeps it in its data folder, in the file named token."
          placeholder="r8_…"
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={setToken}
          autoFocus
        />
        {signIn.isError && <ErrorNotice error={signIn.error} />}
        <Button type="submit" look="primary" busy={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </div>
  );
}
