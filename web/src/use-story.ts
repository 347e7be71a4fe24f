/** Follows a run's events into a Story, and draws anew at most once a frame, however fast they come. */
import { ApiError, type Client } from "@easel/contract";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Story } from "./story.ts";

/** Without frames, as in a tab that is not in view, events are still shown this often. */
const HIDDEN_MS = 500;

class Follower {
  readonly story = new Story();
  /** The connection is gone and is being dialled again. */
  isLost = false;
  error: unknown;
  private version = 0;
  private drawing = false;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly read = () => this.version;

  async follow(client: Client, id: string, signal: AbortSignal): Promise<void> {
    const onLost = () => {
      this.isLost = true;
      this.change();
    };
    try {
      for await (const event of client.runs.events(id, { signal, onLost })) {
        this.isLost = false;
        this.story.add(event);
        this.change();
      }
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.change();
      if (!(error instanceof ApiError)) throw error;
    }
  }

  private change(): void {
    if (this.drawing) return;
    this.drawing = true;
    const draw = () => {
      this.drawing = false;
      this.version += 1;
      for (const listener of this.listeners) listener();
    };
    if (document.hidden) setTimeout(draw, HIDDEN_MS);
    else requestAnimationFrame(draw);
  }
}

export function useStory(client: Client, id: string): Follower {
  const [follower, setFollower] = useState(() => new Follower());
  useEffect(() => {
    const next = new Follower();
    const stop = new AbortController();
    setFollower(next);
    next.follow(client, id, stop.signal);
    return () => stop.abort();
  }, [client, id]);
  useSyncExternalStore(follower.subscribe, follower.read);
  return follower;
}
