/** A notification of the browser's when a run ends while its page is not in view, for those who want it. */
import { isTerminal, type RunStatus } from "@easel/contract";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";

export function NotifyButton() {
  const [permission, setPermission] = useState(() => ("Notification" in window ? Notification.permission : "denied"));
  if (permission === "denied") return null;
  if (permission === "granted") return <p className="text-sm text-soft">You are told when it ends.</p>;
  return (
    <Button look="quiet" onClick={async () => setPermission(await Notification.requestPermission())}>
      Tell me when it ends
    </Button>
  );
}

/** `what` is the run as its owner knows it. Only an end that is seen to come is told, not one that was there before. */
export function useEndNotification(status: RunStatus, what: string): void {
  const before = useRef(status);
  useEffect(() => {
    const hasEnded = isTerminal(status) && !isTerminal(before.current);
    before.current = status;
    if (!hasEnded || !document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    new Notification(`${what}: ${status}`);
  }, [status, what]);
}
