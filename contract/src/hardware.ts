/** What a run can run on. The list is this machine's devices, then the names that Replicate's scripts use. */
import { z } from "zod";

export const Hardware = z.object({ name: z.string(), sku: z.string() });
export type Hardware = z.infer<typeof Hardware>;

/** `GET /v1/hardware` answers a bare array, not a page. */
export const HardwareList = z.array(Hardware);
export type HardwareList = z.infer<typeof HardwareList>;
