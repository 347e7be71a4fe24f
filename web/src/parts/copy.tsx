/** A button that puts a text on the clipboard and says so. */
import { useState } from "react";
import { Button } from "./button.tsx";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  const copy = async () => {
    // Pages that come over plain http from another machine have no clipboard.
    const copied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setState(copied ? "copied" : "refused");
    setTimeout(() => setState("idle"), 2000);
  };
  const words = { idle: label, copied: "Copied", refused: "Select and copy it by hand" };
  return (
    <Button size="small" look="quiet" onClick={copy}>
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}
