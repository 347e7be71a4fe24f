/** Buttons, and links that look like them. One primary on a page. */
import type { ButtonHTMLAttributes } from "react";

type Look = "primary" | "secondary" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover border-transparent",
  secondary: "bg-surface text-ink border-line hover:border-edge",
  quiet: "text-soft border-transparent hover:text-ink hover:bg-sunken",
  danger: "bg-surface text-bad border-line hover:border-bad",
};

/** For `className` of a Link. */
export function buttonClass(look: Look = "secondary", size: "small" | "normal" | "large" = "normal"): string {
  const sizes = { small: "min-h-8 px-2.5 text-sm", normal: "min-h-10 px-4 text-sm", large: "min-h-12 px-6 text-base" };
  return `inline-flex items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap transition-colors disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50 ${sizes[size]} ${LOOKS[look]}`;
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  size?: "small" | "normal" | "large";
  /** Shows that it is at work, and takes no second click. */
  busy?: boolean;
}

export function Button({ look, size, busy = false, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
      className={`${buttonClass(look, size)} ${className}`}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-3.5 motion-safe:animate-spin rounded-full border-2 border-current border-r-transparent"
    />
  );
}
