/** `/account`: tokens, webhooks, the machine, and whose art the base was trained on. */

import notice from "../../../../NOTICE.md?raw";
import { Card } from "../../parts/card.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Page } from "../../parts/page.tsx";
import { useAccountName } from "../../session.ts";
import { MachineCard } from "./machine.tsx";
import { Tokens } from "./tokens.tsx";
import { Webhooks } from "./webhooks.tsx";

export function AccountPage() {
  const name = useAccountName();
  return (
    <Page title="Account" heading={name === "" ? "Account" : name}>
      <div className="flex flex-col gap-4 sm:gap-6">
        <Tokens />
        <Webhooks />
        <MachineCard />
        <Card title="Credits">
          <details>
            <summary className="text-sm font-medium">The art that the base and the examples come from</summary>
            <div className="mt-4 text-sm">
              <Markdown text={notice.slice(notice.indexOf("## Art"), notice.indexOf("## MIT License"))} />
            </div>
          </details>
        </Card>
      </div>
    </Page>
  );
}
