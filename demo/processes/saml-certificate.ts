import { generate } from "selfsigned";

export interface SamlKey {
  /** Both as PEM. */
  readonly privateKey: string;
  readonly certificate: string;
}

/** A key with a certificate of its own making, for as long as the process runs. */
export async function newSamlKey(name: string): Promise<SamlKey> {
  const made = await generate([{ name: "commonName", value: name }], { algorithm: "sha256", keySize: 2048 });
  return { privateKey: made.private, certificate: made.cert };
}
