/** Compose is the one place that says "new": it joins rooms and shelves into a service. */

import { createAdminApi } from "./admin/face.js";
import { unwrapMapping } from "./engine/compile/compile.js";
import { foreignVersion } from "./engine/compile/mapping-version.js";
import { createApp } from "./http/app.js";
import { createHealth } from "./http/health.js";
import { createMetrics } from "./http/metrics.js";
import { pageAssets } from "./http/pages.js";
import { createRateLimiter, type RateLimiter } from "./http/rate-limit.js";
import { createRefuse } from "./http/refuse.js";
import type { Face } from "./http/route.js";
import { bind } from "./http/server.js";
import type { TenantId } from "./model/ids.js";
import type { Json } from "./model/json.js";
import type { MappingDocument } from "./model/mapping.js";
import type { Problem } from "./model/problem.js";
import { now } from "./platform/clock.js";
import { type Config, ConfigError, publicUrlOf } from "./platform/config.js";
import { createTxtResolver } from "./platform/dns-txt.js";
import { createExpressionRunner, type ExpressionIncident } from "./platform/expression-runner.js";
import { parseJsonWithPositions, repeatedKeys } from "./platform/json.js";
import { makeKeyPair } from "./platform/key-pair.js";
import type { Logger } from "./platform/log.js";
import { createGuardedFetch, type GuardedFetch } from "./platform/network.js";
import { compileSchema } from "./platform/schemas.js";
import { createVault, hashToken, keyFor, loadSecrets, newToken, type Secrets, type Vault } from "./platform/secrets.js";
import { readVersion } from "./platform/version.js";
import { openOidcDoor } from "./protocols/oidc/routes.js";
import { createMetadataPort } from "./protocols/saml/metadata-port.js";
import { openSamlDoor } from "./protocols/saml/routes.js";
import { readCustomTables } from "./protocols/scim/custom-schemas.js";
import { openScimFace } from "./protocols/scim/face.js";
import { createLocalDocuments } from "./protocols/scim/local-documents.js";
import type { CustomTables } from "./protocols/scim/schema-tables.js";
import { signInFaces } from "./protocols/sign-in/routes.js";
import { createSignInWeb } from "./protocols/sign-in/sign-in-web.js";
import type { Provisioning } from "./provisioning/deps.js";
import { createGroupBook } from "./provisioning/group-book.js";
import { createMappingCache, type ParseMapping } from "./provisioning/mapping/compiled-mappings.js";
import { soundPart } from "./provisioning/mapping/sound-part.js";
import { noteSuspension, type Suspension } from "./provisioning/mapping/suspensions.js";
import type { Store } from "./provisioning/ports/store.js";
import { createApprovalCache } from "./provisioning/preview/approval.js";
import { createUnmovedBook, MOST_UNMOVED } from "./provisioning/preview/unmoved.js";
import { createWalks } from "./provisioning/preview/walks.js";
import { createPushes, createTouchedPeople } from "./provisioning/push.js";
import { createRequestLog, type RequestLog } from "./provisioning/request-log.js";
import { startWorker } from "./provisioning/runs/worker.js";
import { openStore } from "./store/open.js";

const TENANTS_REMEMBERED = 500;
/** Of one tenant one at a time, and so many behind it. */
const QUESTIONS = { atOnce: 16, waiting: 50 };
/** Keys of what was reviewed, for all tenants together: about 60 MB. */
const APPROVALS_REMEMBERED = 1_000_000;

/** What every entry needs: the store, migrated, and provisioning over it. */
export interface Opened {
  readonly p: Provisioning;
  readonly secrets: Secrets;
  readonly vault: Vault;
  /** The way out to what tenants name. */
  readonly fetch: GuardedFetch;
  /** Names of the migrations that ran now. */
  readonly migrated: readonly string[];
  /** Called by provisioning when there is work; the service points it at its worker. */
  onWake(wake: () => void): void;
  close(): Promise<void>;
}

/**
 * Opens the database of the configuration, brings its schema up to date, and makes provisioning of it. Throws ConfigError, also for
 * mistakes in the operator's schema files.
 */
export async function openProvisioning(
  config: Config,
  logger: Logger,
  customTables: CustomTables = customTablesOf(config),
): Promise<Opened> {
  const secrets = loadSecrets(config);
  const vault = createVault(secrets.secretKey);
  const { allowPrivateNetwork, network } = config;
  const fetch = createGuardedFetch({ ...network, allowPrivateNetwork });
  const { store, migrated } = await openDatabase(config.databaseUrl);
  const notices = suspensionNotices(logger, (tenant, suspension) => noteSuspension(p, tenant, suspension));
  const expressions = createExpressionRunner({
    children: config.expressions.processes,
    onIncident: notices.take,
  });
  let wake: () => void = () => undefined;
  const p: Provisioning = {
    store,
    expressions,
    parseMapping,
    secrets: { newToken, hashToken, encrypt: vault.seal, decrypt: vault.open, makeKeyPair },
    documents: createLocalDocuments(customTables),
    metadata: createMetadataPort({ fetch, allowHttp: allowPrivateNetwork, now }),
    dns: createTxtResolver(),
    settings: {
      ...config.sync,
      brake: config.brake,
      sessions: config.sessions,
      workerPollMilliseconds: config.worker.pollMilliseconds,
      requestLog: config.requestLog,
      metadataRefreshHours: config.network.metadataRefreshHours,
    },
    log: { fault: (event, fault, about) => logger.with(about ?? {}).fault(event, fault) },
    mappings: createMappingCache(parseMapping, TENANTS_REMEMBERED),
    approvals: createApprovalCache(APPROVALS_REMEMBERED),
    groupBook: createGroupBook(TENANTS_REMEMBERED),
    pushes: createPushes(),
    touched: createTouchedPeople(config.sync.inlineUsers),
    walks: createWalks(config.previews),
    questions: createWalks(QUESTIONS, "tries, lint and explanations"),
    unmoved: createUnmovedBook(MOST_UNMOVED),
    now,
    newId: store.newId,
    wake: () => wake(),
  };
  return {
    p,
    secrets,
    vault,
    fetch,
    migrated,
    onWake(next) {
      wake = next;
    },
    async close() {
      await expressions.close();
      await notices.finished();
      await store.close();
    },
  };
}

/** Logs expressions that ended badly, and notes for the tenant which of its active mapping are suspended by that. */
function suspensionNotices(logger: Logger, note: (tenant: TenantId, suspension: Suspension) => Promise<void>) {
  const unfinished = new Set<Promise<void>>();
  return {
    take({ tenant, source, code, version, suspended }: ExpressionIncident): void {
      const isLive = version !== undefined && suspended !== undefined;
      logger.warn(isLive ? "expression.suspended" : "expression.stopped", { tenant, code });
      if (!isLive) return;
      const reach = suspended === "source" ? "everybody" : "one_input";
      const notice = note(tenant as TenantId, { source, code, version, reach })
        .catch((fault: unknown) => logger.with({ tenant }).fault("expression.notice_failed", fault))
        .finally(() => unfinished.delete(notice));
      unfinished.add(notice);
    },
    async finished(): Promise<void> {
      await Promise.all(unfinished);
    },
  };
}

/** Throws ConfigError: a database that cannot be opened is told by its key and in one line, without its password. */
async function openDatabase(url: string): Promise<{ readonly store: Store; readonly migrated: readonly string[] }> {
  try {
    const store = await openStore(url);
    return { store, migrated: await store.migrate() };
  } catch (fault) {
    throw new ConfigError([`config: databaseUrl cannot be opened: ${reasonOf(fault)}`], { cause: fault });
  }
}

function addressFault({ host, port }: Config, fault: unknown): string {
  const code = codeOf(fault);
  if (code === "EADDRINUSE") return `port ${port} is in use on ${host}: choose another`;
  if (code === "EACCES") return `port ${port} may not be used by this user: choose one above 1023`;
  return `host \`${host}\` is no address of this machine (${code ?? "unknown"})`;
}

function codeOf(fault: unknown): string | undefined {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
}

function reasonOf(fault: unknown): string {
  const [line = ""] = fault instanceof Error ? fault.message.split("\n") : [String(fault)];
  return codeOf(fault) ?? line;
}

/** A running service. */
export interface Service {
  readonly url: string;
  readonly publicUrl: string;
  readonly secrets: Secrets;
  readonly p: Provisioning;
  /** Lets requests under way finish, stops the worker, closes the database. */
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** Holds every answer against its documented schema: for tests and development. */
  readonly checkAnswers?: boolean;
}

/** Takes the port, opens everything, serves. Rejects with ConfigError, node's error for the port, or the database's. */
export async function startService(config: Config, logger: Logger, options: ServiceOptions = {}): Promise<Service> {
  const customTables = customTablesOf(config);
  const listener = await bind(config.host, config.port).catch((fault: unknown) => {
    throw new ConfigError([`config: ${addressFault(config, fault)}`]);
  });
  try {
    const opened = await openProvisioning(config, logger, customTables);
    const publicUrl = publicUrlOf(config, listener.port);
    const worker = startWorker(opened.p);
    opened.onWake(worker.wake);
    const requestLog = createRequestLog(opened.p);
    const { app, refuse, drain, closeThreads } = createFaces({
      config,
      logger,
      opened,
      publicUrl,
      customTables,
      requestLog,
      checkAnswers: options.checkAnswers ?? false,
    });
    listener.serve(app, refuse);
    return {
      url: listener.url,
      publicUrl,
      secrets: opened.secrets,
      p: opened.p,
      async close() {
        drain();
        await listener.close(config.shutdown.graceMilliseconds);
        await closeThreads();
        await worker.stop();
        await requestLog.flush();
        await opened.close();
      },
    };
  } catch (error) {
    await listener.close(0);
    throw error;
  }
}

interface Faces {
  readonly config: Config;
  readonly logger: Logger;
  readonly opened: Opened;
  readonly publicUrl: string;
  readonly customTables: CustomTables;
  readonly requestLog: RequestLog;
  readonly checkAnswers: boolean;
}

/** Throws ConfigError with every mistake in the operator's schema files. */
function customTablesOf({ scim: { schemaFiles } }: Config): CustomTables {
  const read = readCustomTables(schemaFiles);
  if (read.ok) return read.tables;
  throw new ConfigError(read.lines.map((line) => `config: scim.schemaFiles: ${line}`));
}

function createFaces(service: Faces) {
  const { config, logger, opened, publicUrl, requestLog, checkAnswers } = service;
  const { p, secrets } = opened;
  const metrics = createMetrics();
  const rateLimiter = createRateLimiter();
  const health = createHealth({
    metrics,
    operatorToken: secrets.operatorToken,
    obstacle: () =>
      p.store.check().then(
        () => undefined,
        () => "database",
      ),
  });
  const signIn = openSignIn(service, rateLimiter);
  const scim = openScimFace({
    p,
    cursors: createVault(keyFor("scim cursors", secrets.secretKey)),
    publicUrl,
    customTables: service.customTables,
    requestLog,
    rateLimiter,
    requestsPerMinutePerToken: config.limits.requestsPerMinutePerToken,
    bodyBytes: config.limits.scimBodyBytes,
    groupBodyBytes: config.limits.scimGroupBodyBytes,
    bulk: { maxOperations: config.limits.bulkOperations, maxPayloadSize: config.limits.bulkBodyBytes },
    limits: {
      operations: config.limits.patchOperations,
      members: config.limits.membersPerRequest,
      values: 250,
      resourceBytes: config.limits.resourceBytes,
    },
  });
  const others: readonly Face[] = [...signIn.faces, scim];
  const admin = createAdminApi(
    {
      p,
      publicUrl,
      operatorToken: secrets.operatorToken,
      rateLimiter,
      limits: config.limits,
      checkOidcSettings: signIn.checkOidcSettings,
      saml: signIn.samlMetadata,
    },
    [...others.flatMap((face) => face.routes), ...health.routes],
    readVersion(),
  );
  const faces: readonly Face[] = [
    { prefix: "", routes: [...health.routes, ...pageAssets, ...admin.rootRoutes] },
    admin.face,
    ...others,
  ];
  const app = createApp({ logger, publicUrl, trustedProxies: config.trustedProxies, metrics, faces, checkAnswers });
  return {
    app,
    refuse: createRefuse({ logger, publicUrl, faces }),
    drain: health.drain,
    closeThreads: signIn.closeThreads,
  };
}

/** The faces by which people sign in, and what admins need of their protocols. */
function openSignIn({ config, opened, publicUrl }: Faces, rateLimiter: RateLimiter) {
  const { p, vault, fetch } = opened;
  const { signInsPerMinutePerAddress, requestsPerMinutePerToken: providerCallsPerMinute, acsBodyBytes } = config.limits;
  const web = createSignInWeb({ p, publicUrl, rateLimiter, signInsPerMinutePerAddress, providerCallsPerMinute });
  const outside = { fetch, allowHttp: config.allowPrivateNetwork };
  const oidc = openOidcDoor({ web, ...outside, unseal: vault.open });
  const saml = openSamlDoor({ web, ...outside, bodyBytes: acsBodyBytes });
  return {
    faces: signInFaces(web, [oidc.protocol, saml.protocol], [...oidc.routes, ...saml.routes]),
    checkOidcSettings: oidc.check,
    samlMetadata: saml.metadata,
    closeThreads: saml.close,
  };
}

/** The text of a mapping document as a document, with the wrapper of Tines' live pages taken off. */
export const parseMapping: ParseMapping = (text) => {
  const parsed = parseJsonWithPositions(text);
  if (!parsed.ok) return { ok: false, problems: [parsed.problem] };
  const value = unwrapMapping(parsed.value);
  const foreign = foreignVersion(value);
  if (foreign) return { ok: false, problems: [foreign] };
  const checked = checkMappingForm(value);
  const repeated = repeatedIn(text, value !== parsed.value);
  if (checked.ok) return { ok: true, document: checked.value, repeated };
  const sound = soundPart(value, checked.problems, checkMappingForm);
  return { ok: false, problems: [...repeated, ...checked.problems], ...(sound && { sound }) };
};

/** Pointers are of the document itself, wrapped or not. */
function repeatedIn(text: string, isWrapped: boolean): readonly Problem[] {
  const repeated = repeatedKeys(text);
  if (!isWrapped) return repeated;
  return repeated.map((one) => ({ ...one, pointer: one.pointer.replace(/^\/user_group_mapping(?=\/)/, "") }));
}

function checkMappingForm(value: Json) {
  return compileSchema<MappingDocument>("mapping", "document")(value);
}
