/** What another program needs to run an Easel server inside itself. */
export { type Config, readConfig } from "./config.ts";
export { BUILTINS, type Builtin } from "./models/builtin.ts";
export { type RunningServer, startServer } from "./serve.ts";
