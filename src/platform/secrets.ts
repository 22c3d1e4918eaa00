/** Owns keys and tokens: where the service's own two secrets live, how others are sealed, and how tokens are compared. */

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Config, ConfigError, decodeKey } from "./config.js";

export interface Secrets {
  readonly operatorToken: string;
  readonly secretKey: Buffer;
  /** Files that this start made, for the operator to be told of. */
  readonly made: readonly { readonly what: "operator token" | "secret key"; readonly path: string }[];
}

const TOKEN_FILE = "operator-token";
const KEY_FILE = "secret-key";

/** On SQLite what is not configured is made once and kept beside the database; on PostgreSQL it must be configured. */
export function loadSecrets(config: Pick<Config, "databaseUrl" | "operatorToken" | "secretKey">): Secrets {
  const folder = dataFolder(config.databaseUrl);
  if (folder === undefined) return configuredSecrets(config);
  const made: { what: "operator token" | "secret key"; path: string }[] = [];
  const keep = (what: "operator token" | "secret key", name: string, create: () => string): string => {
    const path = join(folder, name);
    const kept = readOrMake(path, create);
    if (kept.made) made.push({ what, path });
    return kept.text;
  };
  const operatorToken = config.operatorToken ?? keep("operator token", TOKEN_FILE, () => newToken("rco_"));
  const keyText = config.secretKey ?? keep("secret key", KEY_FILE, () => randomBytes(32).toString("base64"));
  const secretKey = decodeKey(keyText);
  if (secretKey === undefined) {
    throw new ConfigError([`config: secretKey in ${join(folder, KEY_FILE)} is damaged: put 32 bytes in base64 there`]);
  }
  return { operatorToken, secretKey, made };
}

function configuredSecrets({ operatorToken, secretKey }: Pick<Config, "operatorToken" | "secretKey">): Secrets {
  const key = secretKey === null ? undefined : decodeKey(secretKey);
  const lines = [
    ...(operatorToken === null ? ["config: operatorToken must be set on PostgreSQL (ROLECALL_OPERATOR_TOKEN)"] : []),
    ...(key === undefined
      ? ["config: secretKey must be set on PostgreSQL, 32 bytes in base64 (ROLECALL_SECRET_KEY)"]
      : []),
  ];
  if (operatorToken === null || key === undefined) throw new ConfigError(lines);
  return { operatorToken, secretKey: key, made: [] };
}

/** Beside the SQLite file; `./data` for a database in memory; `undefined` for PostgreSQL. */
export function dataFolder(databaseUrl: string): string | undefined {
  if (!databaseUrl.startsWith("sqlite:")) return undefined;
  const path = databaseUrl.slice("sqlite:".length);
  return path === ":memory:" ? resolve("data") : dirname(resolve(path));
}

function readOrMake(path: string, create: () => string): { readonly text: string; readonly made: boolean } {
  const existing = readSecret(path);
  if (existing !== undefined) return { text: existing, made: false };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Linking a finished file is atomic and fails if another process was faster: nobody ever reads half a secret.
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const text = create();
  writeFileSync(draft, `${text}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
    return { text, made: true };
  } catch (error) {
    const faster = readSecret(path);
    if (faster === undefined) throw error;
    return { text: faster, made: false };
  } finally {
    unlinkSync(draft);
  }
}

function readSecret(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const line = `config: ${path} cannot be read: give this user access to it, or set the value in the configuration`;
    throw new ConfigError([line], { cause: error });
  }
  if (text === "") throw new ConfigError([`config: ${path} is empty: remove it, and a new secret is made`]);
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return text;
}

/** Seals texts that have to be read again. What was sealed for one context (tenant and column) opens for no other. */
export interface Vault {
  seal(clear: string, context: string): string;
  /** Throws when the key or the context is another, or the text was changed. */
  open(sealed: string, context: string): string;
}

const SEAL_VERSION = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM; a sealed text is `v1.iv.tag.data`, each part in base64url. */
export function createVault(key: Buffer): Vault {
  return {
    seal(clear, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context, "utf8"));
      const data = Buffer.concat([cipher.update(clear, "utf8"), cipher.final()]);
      return [SEAL_VERSION, ...[iv, cipher.getAuthTag(), data].map((part) => part.toString("base64url"))].join(".");
    },
    open(sealed, context) {
      const [version, ...parts] = sealed.split(".");
      const bytes = parts.map((part) => Buffer.from(part, "base64url"));
      const [iv, tag, data] = bytes;
      // a reader of base64 passes over what does not belong there
      const isExact = bytes.every((part, index) => part.toString("base64url") === parts[index]);
      if (
        !isExact ||
        version !== SEAL_VERSION ||
        parts.length !== 3 ||
        iv?.length !== IV_BYTES ||
        tag?.length !== TAG_BYTES ||
        !data
      ) {
        throw new Error("this is no sealed text of a known version");
      }
      const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context, "utf8"));
      decipher.setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(data), decipher.final()]).toString("utf8");
      } catch (error) {
        throw new Error("a sealed text does not open: the secret key or its context is another", { cause: error });
      }
    },
  };
}

/** A key of its own for one purpose (HKDF, RFC 5869), so that what is sealed often wears out no other. */
export function keyFor(purpose: string, secretKey: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", secretKey, "", purpose, 32));
}

/** SHA-256 in hex. A fast hash is right for tokens of 256 random bits. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

/** 256 random bits in base64url behind a prefix that tells people and secret scanners what it is. */
export function newToken(prefix: string): string {
  return prefix + randomBytes(32).toString("base64url");
}

/** Compares in a time that tells nothing about where two tokens differ, whatever their lengths. */
export function tokensEqual(left: string, right: string): boolean {
  const digest = (token: string): Buffer => createHash("sha256").update(token, "utf8").digest();
  return timingSafeEqual(digest(left), digest(right));
}
