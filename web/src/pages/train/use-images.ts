/** The images of a training on their way to the server: read, packed, sent, and sent anew when one is taken out. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { localPath } from "../../client.ts";
import { uploadFile } from "../../upload.ts";
import { type Entry, entryOf, isTar, isZip, join, pack, unpack } from "./archive.ts";

export interface Images {
  /** Undefined while the archive cannot be looked into here. */
  entries: Entry[] | undefined;
  /** The archive on the server. */
  fileUrl: string | undefined;
  /** What the archive was called. */
  name: string;
  /** Share that has been sent, while it is. */
  sending: number | undefined;
  error: unknown;
  add: (files: File[]) => void;
  remove: (names: string[]) => void;
  clear: () => void;
}

interface Held {
  entries: Entry[] | undefined;
  name: string;
  fileUrl?: string;
}

const NONE: Held = { entries: [], name: "" };

/** Begins with the archive that `start` names, if it does. */
export function useImages(start: { url: string; name: string } | undefined): Images {
  const [held, setHeld] = useState(NONE);
  const [sending, setSending] = useState<number>();
  const send = useMutation({
    mutationFn: async ({ archive, entries, name }: { archive: Blob; entries: Entry[] | undefined; name: string }) => {
      setHeld({ entries, name });
      setSending(0);
      const file = await uploadFile(archive, name, setSending, new AbortController().signal);
      setHeld({ entries, name, fileUrl: file.urls.get });
    },
    onSettled: () => setSending(undefined),
  });
  const take = useMutation({
    mutationFn: async (files: File[]) => {
      const [only] = files;
      if (
        files.length === 1 &&
        only !== undefined &&
        (isZip(only) || isTar(only)) &&
        (held.entries?.length ?? 0) === 0
      ) {
        return send.mutateAsync({
          archive: only,
          entries: isZip(only) ? await unpack(only) : undefined,
          name: only.name,
        });
      }
      const more = await Promise.all(
        files.map(async (file) => (isZip(file) ? ((await unpack(file)) ?? []) : [entryOf(pathOf(file), file)])),
      );
      const entries = join(held.entries ?? [], more.flat());
      return send.mutateAsync({ archive: await pack(entries), entries, name: held.name || "images.zip" });
    },
  });
  const open = useMutation({
    mutationFn: async ({ url, name }: { url: string; name: string }) => {
      const reply = await fetch(`${localPath(url)}${url.includes("/v1/files/") ? "/download" : ""}`);
      if (!reply.ok) throw new Error(`${name} cannot be fetched any more (${reply.status}): choose the images anew.`);
      const archive = await reply.blob();
      const entries = await unpack(archive);
      if (url.includes("/v1/files/")) setHeld({ entries, name, fileUrl: url });
      else await send.mutateAsync({ archive, entries, name });
    },
  });
  const { mutate } = open;
  useEffect(() => {
    if (start !== undefined) mutate(start);
  }, [start, mutate]);
  return {
    ...held,
    fileUrl: held.fileUrl,
    sending: sending ?? (take.isPending || open.isPending ? 0 : undefined),
    error: send.error ?? take.error ?? open.error,
    add: (files) => files.length > 0 && take.mutate(files),
    remove: async (names) => {
      const entries = (held.entries ?? []).filter(({ name }) => !names.includes(name));
      if (entries.length === 0) setHeld(NONE);
      else send.mutate({ archive: await pack(entries), entries, name: held.name });
    },
    clear: () => setHeld(NONE),
  };
}

/** Two folders may hold files of one name. */
function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}
