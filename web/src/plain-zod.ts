/**
 * zod speeds itself up by making functions of text, which our Content-Security-Policy forbids, rightly. Import this
 * before the contract: schemas decide when they are made.
 */
import { z } from "zod";

z.config({ jitless: true });
