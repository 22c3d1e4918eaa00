/** Owns what is remembered of providers: metadata and keys, read together, so that keys which moved are found where they are. */
import * as client from "openid-client";
import { boundedMap } from "../../model/bounded-map.js";
import type { Json, JsonObject } from "../../model/json.js";
import { isObject } from "../sign-in/claims.js";
import { failureFrom, OidcFailure } from "./failure.js";
import { checkedMetadata } from "./metadata.js";
import type { Provider, RelyingPartyDeps } from "./rp.js";

export interface KnownProvider {
  readonly metadata: client.ServerMetadata;
  /** JSON Web Keys (RFC 7517) as the provider published them; which of them fits is for the library to judge. */
  readonly keys: readonly JsonObject[];
}

export interface KnownProviders {
  /** What is known; shared by concurrent sign-ins. Throws OidcFailure, and a failure is forgotten at once. */
  of(provider: Provider): Promise<KnownProvider>;
  /** Read anew, because no key of `seen` fitted; `undefined` when that was done `most` times of late. */
  newer(provider: Provider, seen: KnownProvider, most?: number): Promise<KnownProvider | undefined>;
}

/** A key that the provider took back is believed no longer than this. */
const REMEMBERED_MILLISECONDS = 300_000;
const MOST_REMEMBERED = 1_000;
/** INVARIANT: a provider whose tokens never fit its keys makes us ask it this often at most. */
const MOST_REREADS = 6;
const REREADS_MILLISECONDS = 60_000;
const MOST_KEYS = 100;

interface Remembered {
  readonly version: number;
  readonly until: number;
  readonly known: Promise<KnownProvider>;
  /** The same, once it is there. */
  value?: KnownProvider;
  /** When it was read because keys did not fit. */
  readonly rereads: readonly number[];
}

export function createKnownProviders(deps: RelyingPartyDeps): KnownProviders {
  const remembered = boundedMap<string, Remembered>(MOST_REMEMBERED);

  function remembers({ tenant, connection }: Provider): Remembered | undefined {
    const entry = remembered.get(`${tenant.id}/${connection.id}`);
    return entry?.version === connection.version ? entry : undefined;
  }

  function read(provider: Provider, rereads: readonly number[]): Promise<KnownProvider> {
    const { tenant, connection } = provider;
    const key = `${tenant.id}/${connection.id}`;
    const until = Date.parse(deps.now()) + REMEMBERED_MILLISECONDS;
    const known = readProvider(deps, provider);
    const entry: Remembered = { version: connection.version, until, known, rereads };
    remembered.set(key, entry);
    known.then(
      (value) => {
        entry.value = value;
      },
      () => {
        if (remembered.get(key) === entry) remembered.delete(key);
      },
    );
    return known;
  }

  return {
    of(provider) {
      const entry = remembers(provider);
      if (entry !== undefined && entry.until > Date.parse(deps.now())) return entry.known;
      return read(provider, entry?.rereads ?? []);
    },

    async newer(provider, seen, most = MOST_REREADS) {
      const entry = remembers(provider);
      if (entry !== undefined && entry.value !== seen) return entry.known;
      const now = Date.parse(deps.now());
      const rereads = (entry?.rereads ?? []).filter((at) => at > now - REREADS_MILLISECONDS);
      return rereads.length < most ? read(provider, [...rereads, now]) : undefined;
    },
  };
}

async function readProvider(deps: RelyingPartyDeps, { settings }: Provider): Promise<KnownProvider> {
  const insecure = deps.allowHttp ? [client.allowInsecureRequests] : [];
  const options = { [client.customFetch]: deps.fetch, execute: insecure };
  try {
    const issuer = new URL(settings.issuer);
    const found = await client.discovery(issuer, settings.clientId, undefined, client.None(), options);
    const metadata = checkedMetadata(found.serverMetadata(), settings);
    return { metadata, keys: await keysAt(deps, metadata.jwks_uri ?? "") };
  } catch (error) {
    throw failureFrom(error, "discovery");
  }
}

async function keysAt({ fetch }: RelyingPartyDeps, address: string): Promise<readonly JsonObject[]> {
  const answer = await fetch(address, {
    headers: { accept: "application/json, application/jwk-set+json" },
    redirect: "manual",
  });
  if (answer.status >= 500) throw new OidcFailure("provider_unreachable", { keys: answer.status });
  const set = answer.status === 200 ? ((await answer.json().catch(() => undefined)) as Json | undefined) : undefined;
  const keys = isObject(set) ? set["keys"] : undefined;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS || !keys.every(isObject)) {
    throw new OidcFailure("provider_metadata", {
      missing: `a list of at most ${MOST_KEYS} keys`,
      status: answer.status,
    });
  }
  return keys;
}
