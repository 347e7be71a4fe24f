/** What can go wrong in a command, with the exit code that it ends in. */

/** ok; a run failed or something went wrong; the command line was wrong; Ctrl-C. */
export const EXIT = { ok: 0, error: 1, usage: 2, interrupted: 130 } as const;

/** `message` says what and why, `next` what to do. */
export class CommandFailure extends Error {
  readonly next: string | undefined;
  readonly exitCode: number;

  constructor(message: string, next?: string, exitCode: number = EXIT.error) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong: nothing was asked of the server that changes anything. */
export class UsageError extends CommandFailure {
  constructor(message: string, next?: string) {
    super(message, next, EXIT.usage);
  }
}
