/** Main starts the service and ends it: settings from the environment, one line when it can serve, a clean stop on a signal. */
import { startService } from "./compose.js";
import { ConfigError, loadConfig } from "./platform/config.js";
import { createLogger } from "./platform/log.js";

const BAD_CONFIGURATION = 2;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger(config.logLevel);
  const service = await startService(config, logger);
  for (const { what, path } of service.secrets.made) console.log(`rolecall made its ${what}: ${path}`);
  console.log(`rolecall listening on ${service.url}`);
  const stop = async (signal: string) => {
    logger.info("stopping", { signal });
    await service.close();
    process.exit(0);
  };
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void stop(signal);
    });
  }
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    for (const line of error.lines) console.error(line);
    process.exit(BAD_CONFIGURATION);
  }
  console.error(`rolecall cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
