import { type Service, startService as start } from "../../src/compose.js";
import { type Config, loadConfig } from "../../src/platform/config.js";
import { createLogger, type LogDestination } from "../../src/platform/log.js";

export interface TestService extends Service {
  readonly operatorToken: string;
}

export interface TestServiceOptions {
  /** `sqlite::memory:` unless told otherwise. */
  readonly databaseUrl?: string;
  readonly settings?: (config: Config) => Config;
  readonly log?: LogDestination;
}

const OPERATOR_TOKEN = "rco_test-operator-token-of-this-process-alone";
/** What secrets of the test service are sealed with. */
export const SECRET_KEY = Buffer.alloc(32, 7);

/** The whole service on a free port, in this process: real database, real worker, real expression host. */
export async function startService(options: TestServiceOptions = {}): Promise<TestService> {
  const base = loadConfig({
    ROLECALL_PORT: "0",
    ROLECALL_DATABASE_URL: options.databaseUrl ?? "sqlite::memory:",
    ROLECALL_OPERATOR_TOKEN: OPERATOR_TOKEN,
    ROLECALL_SECRET_KEY: SECRET_KEY.toString("base64"),
    ROLECALL_ALLOW_PRIVATE_NETWORK: "1",
    ROLECALL_LOG_LEVEL: options.log ? "debug" : "silent",
  });
  const config = options.settings ? options.settings(base) : base;
  const service = await start(config, createLogger(config.logLevel, options.log), { checkAnswers: true });
  return { ...service, operatorToken: service.secrets.operatorToken };
}
