/** Provisioning owns what happens between a translated message and a changed ledger; nobody else writes either ledger. */
import type { Batches } from "../model/batches.js";
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { GroupBook } from "./group-book.js";
import type { PersonPush } from "./ingest-together.js";
import type { MappingCache, ParseMapping } from "./mapping/compiled-mappings.js";
import type { KeyUse } from "./ports/connection-keys.js";
import type { DocumentPort } from "./ports/documents.js";
import type { TxtPort } from "./ports/domains.js";
import type { Actor, Door } from "./ports/journal.js";
import type { MetadataPort } from "./ports/metadata.js";
import type { Store } from "./ports/store.js";
import type { ApprovalCache } from "./preview/approval.js";
import type { UnmovedBook } from "./preview/unmoved.js";
import type { Walks } from "./preview/walks.js";
import type { Outcome, Touched } from "./push.js";
import type { Reconciled } from "./reconcile.js";

/** Runs expressions outside this process; results stand in the order of the jobs. */
export interface ExpressionPort {
  run(tenant: number, jobs: readonly ExpressionJob[]): Promise<readonly ExpressionResult[]>;
}

/**
 * The same by purpose: what ends badly again and again is suspended for that purpose. `run` itself is a what-if that ends
 * with the call.
 */
export interface ExpressionHost extends ExpressionPort {
  /** For decisions by the active mapping, of this version: before the tenant's what-ifs; suspended until another is active. */
  live(version: number): ExpressionPort;
  /**
   * For one what-if: what it suspends, it alone does without. `version`: it is about what this version decides, and runs
   * nothing that is suspended there.
   */
  apart(version?: number): ExpressionPort;
}

/** What the operator set for provisioning; the configuration's documentation says what each means. */
export interface ProvisioningSettings {
  /** A SCIM write that touches more people than this is left to the worker. */
  readonly inlineUsers: number;
  readonly inlineMilliseconds: number;
  readonly brake: {
    readonly deactivationsFloor: number;
    readonly deactivationsShare: number;
    readonly accessFloor: number;
    readonly accessShare: number;
    readonly dripPerHour: number;
  };
  readonly sessions: { readonly idleMinutes: number; readonly absoluteMinutes: number };
  readonly workerPollMilliseconds: number;
  /** The longest time between two looks at the metadata of a connection. */
  readonly metadataRefreshHours: number;
  /** How long a logged SCIM request is kept, and how many of a connection. */
  readonly requestLog: { readonly days: number; readonly entriesPerConnection: number };
}

/** A fresh key pair; the private half in PKCS 8, the public one in a certificate, each DER in base64. */
export interface MadeKeyPair {
  /** As people call it: `RSA 2048`. */
  readonly algorithm: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** Secrets as provisioning needs them: hashed look-ups, fresh random tokens and key pairs, and what is stored sealed. */
export interface SecretPort {
  newToken(prefix: string): string;
  hashToken(token: string): string;
  encrypt(clear: string, context: string): string;
  /** Throws when it was sealed for another context, or was changed. */
  decrypt(sealed: string, context: string): string;
  /** `name`: whose it is, for people who look at the certificate, which is its own issuer. */
  makeKeyPair(use: KeyUse, name: string, from: Instant): Promise<MadeKeyPair>;
}

/** Where faults go that no caller can be told of. */
export interface FaultLog {
  /** A fault of ours that was survived; `event` is a stable code. */
  fault(
    event: string,
    fault: unknown,
    about?: { readonly tenant?: number; readonly run?: number; readonly user?: UserId },
  ): void;
}

/** All that use cases need of the outside: handed to each as its first argument. */
export interface Provisioning {
  readonly store: Store;
  readonly expressions: ExpressionHost;
  readonly parseMapping: ParseMapping;
  readonly secrets: SecretPort;
  readonly documents: DocumentPort;
  readonly metadata: MetadataPort;
  readonly dns: TxtPort;
  readonly settings: ProvisioningSettings;
  readonly log: FaultLog;
  readonly mappings: MappingCache;
  readonly approvals: ApprovalCache;
  readonly groupBook: GroupBook;
  /** Pushes of one person each that come at the same time, by connection: they are stored together. */
  readonly pushes: Batches<PersonPush, Outcome>;
  /** People whom requests of the same time touched, by tenant: they are reconciled together. */
  readonly touched: Batches<Touched, Reconciled>;
  readonly walks: Walks;
  /** Tries, lint, examples and explanations: whoever may only ask keeps nothing busy for long. */
  readonly questions: Walks;
  readonly unmoved: UnmovedBook;
  now(): Instant;
  newId(): string;
  /** Tells the worker that a tenant has something to do. */
  wake(): void;
}

/** On whose behalf a use case runs; it ends up in the audit. */
export interface Context {
  readonly actor: Actor;
  readonly door: Door;
  readonly requestId?: string;
}

/** Whoever acts where nobody asked: the worker. */
export const WORKER: Context = { actor: { kind: "worker" }, door: "worker" };

/** What an identity provider itself says of its people's sessions. */
export const PROVIDER: Context = { actor: { kind: "identity_provider" }, door: "sign_in" };

/**
 * Who did it, in one text: `operator`, `api_key:<name>`, `command_line:<user>`. Names stand behind what they are names of, so
 * that no API key can be called as if it were the operator.
 */
export function authorOf({ actor: { kind, label } }: Context): string {
  return label === undefined ? kind : `${kind}:${label}`;
}

/** An audit entry for something that is not a change of access. */
export function auditEntry(context: Context, now: Instant, action: string, detail: JsonObject) {
  return {
    at: now,
    actor: context.actor,
    door: context.door,
    action,
    detail,
    ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
  };
}
