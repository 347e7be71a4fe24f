/** The machine: what computes, what waits, and what is stored on it. */
import { useQuery } from "@tanstack/react-query";
import { client } from "../../client.ts";
import { bytesInWords } from "../../parts/bytes.ts";
import { Card } from "../../parts/card.tsx";
import { Facts } from "../../parts/facts.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";

const REFRESH_MS = 5000;

export function MachineCard() {
  const { data, error } = useQuery({
    queryKey: ["machine"],
    queryFn: ({ signal }) => client.machine.get(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Card title="Machine and storage">
      {error !== null && <ErrorNotice error={error} />}
      {data !== undefined && (
        <Facts
          facts={[
            ...data.devices.map(
              ({ name, label, memory_bytes }) => [name, `${label}, ${bytesInWords(memory_bytes)} of memory`] as const,
            ),
            ["queue", `${data.queue.running} running, ${data.queue.waiting} waiting`],
            ["your files", bytesInWords(data.storage.files_bytes)],
            ["your weights", bytesInWords(data.storage.weights_bytes)],
            ["free on its disk", bytesInWords(data.storage.free_bytes)],
          ]}
        />
      )}
    </Card>
  );
}
