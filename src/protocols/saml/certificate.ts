/** Owns which certificates may name a key that signs, and what is shown of them. */
import { type KeyObject, X509Certificate } from "node:crypto";
import type { Instant } from "../../model/ids.js";
import { quote } from "../../model/quote.js";
import { maySign } from "./signature-method.js";

export interface Certificate {
  /** Base64 without line breaks. INVARIANT: of what was parsed, so that equal certificates are equal texts. */
  readonly der: string;
  /** SHA-256 as providers' consoles show it: `AB:CD:...`. */
  readonly fingerprint: string;
  /** On one line. */
  readonly subject: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

/** Why a certificate is not taken: it is none, or its key is of a kind that is not accepted. */
export interface RefusedCertificate {
  readonly code: "certificate_invalid" | "key_refused";
  readonly message: string;
}

/** What an admin sees of a key that may sign. */
export interface CertificateView {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: Instant;
  /** Providers go on signing with expired certificates, and it is the key that is trusted: shown, not refused. */
  readonly expired: boolean;
}

const PEM = /^-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Of text; certificates have about two thousand characters. */
const LONGEST_CERTIFICATE = 65_536;
const LONGEST_SUBJECT = 300;
/** Shorter RSA keys are not to be used any more (NIST SP 800-131A). */
const FEWEST_BITS = 2_048;
/** Larger keys and exponents make each look at a signature slow, whoever made it. */
const MOST_BITS = 8_192;
const EXPONENT_BOUND = 2n ** 32n;

/** Reads base64 with or without line breaks, blanks and PEM armour. INVARIANT: dates decide nothing here. */
export function readCertificate(text: string): Certificate | RefusedCertificate {
  return judge(parseCertificate(text));
}

/**
 * Reads the certificates that belong to one key, as an X509Data element holds them. INVARIANT: a certificate that another
 * one was issued by stands above it in a chain (XML Signature section 4.5.4); its key signs certificates and is left out.
 */
export function readCertificates(texts: readonly string[]): readonly (Certificate | RefusedCertificate)[] {
  const parsed = texts.map(parseCertificate);
  const issued = (issuer: X509Certificate) => parsed.some((one) => one !== undefined && isIssuedBy(one, issuer));
  return parsed.filter((one) => one === undefined || !issued(one)).map(judge);
}

export function isCertificate(reading: Certificate | RefusedCertificate): reading is Certificate {
  return "der" in reading;
}

export function certificateView({ fingerprint, subject, notAfter }: Certificate, now: Instant): CertificateView {
  return { fingerprint, subject, notAfter, expired: notAfter < now };
}

function judge(parsed: X509Certificate | undefined): Certificate | RefusedCertificate {
  if (parsed === undefined) {
    const message = "is no X.509 certificate: it must be base64, with or without the lines of a PEM file around it";
    return { code: "certificate_invalid", message };
  }
  const subject = oneLine(parsed.subject);
  const objection = objectionTo(keyOf(parsed));
  if (objection !== undefined) return { code: "key_refused", message: `${objection} (${subject})` };
  return {
    der: parsed.raw.toString("base64"),
    fingerprint: parsed.fingerprint256,
    subject,
    notBefore: instantOf(parsed.validFrom),
    notAfter: instantOf(parsed.validTo),
  };
}

/** What is wrong with a key, and what to do; `undefined`: nothing. */
function objectionTo(key: KeyObject | undefined): string | undefined {
  const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details = {} } = key ?? {};
  if (key === undefined || !maySign(key)) {
    const kind = quote([type, details.namedCurve].filter(Boolean).join(" "));
    return `has a key of the type ${kind}, which is not accepted: let the provider sign with an RSA key, or one of P-256, P-384 or P-521`;
  }
  if (type === "ec") return undefined;
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details;
  if (bits < FEWEST_BITS)
    return `has an RSA key of ${bits} bits: let the provider sign with one of ${FEWEST_BITS} bits or more`;
  if (bits > MOST_BITS)
    return `has an RSA key of ${bits} bits: let the provider sign with one of ${MOST_BITS} bits or fewer`;
  if (exponent >= EXPONENT_BOUND)
    return "has an RSA key with a public exponent of 2^32 or more: let the provider sign with one whose exponent is 65537";
  return undefined;
}

function parseCertificate(text: string): X509Certificate | undefined {
  if (text.length > LONGEST_CERTIFICATE) return undefined;
  const trimmed = text.trim();
  const base64 = (PEM.exec(trimmed)?.[1] ?? trimmed).replace(/\s+/g, "");
  if (!BASE64.test(base64)) return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(base64, "base64"));
    const dates = [certificate.validFrom, certificate.validTo];
    return dates.some((date) => Number.isNaN(Date.parse(date))) ? undefined : certificate;
  } catch {
    return undefined;
  }
}

/** Certificates of the same key, such as a renewed one, are no chain. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return !certificate.publicKey.equals(issuer.publicKey) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** `undefined` for one that the cryptography here does not know. */
function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** OpenSSL writes `Nov 22 09:00:00 2026 GMT`. */
function instantOf(date: string): Instant {
  return new Date(date).toISOString();
}

/** A certificate may have no subject at all, whatever the type says. */
function oneLine(subject: string | undefined): string {
  return quote((subject ?? "").split("\n").join(", "), LONGEST_SUBJECT).slice(1, -1);
}
