/** Owns who is signed in where, by a SAML identity provider: what a logout is about. */
import type { SamlServiceProvider } from "./saml-provider-config.js";

export interface SamlSession {
  readonly userName: string;
  readonly serviceProvider: SamlServiceProvider;
  /** As the service was told. */
  readonly nameId: string;
  readonly nameIdFormat: string;
  readonly sessionIndex: string;
}

export interface SamlSessions {
  add(session: SamlSession): void;
  /** Of several services, the one that signed in last. */
  ofUser(userName: string): SamlSession | undefined;
  /** Takes a session out by what a service calls it. Throws where there is none. */
  take(name: { readonly nameId: unknown; readonly sessionIndex: unknown }): SamlSession;
}

export function createSamlSessions(): SamlSessions {
  const all: SamlSession[] = [];
  return {
    add: (session) => void all.push(session),
    ofUser: (userName) => all.findLast((session) => session.userName === userName),
    take({ nameId, sessionIndex }) {
      const at = all.findIndex((session) => session.nameId === nameId && session.sessionIndex === sessionIndex);
      const [found] = at < 0 ? [] : all.splice(at, 1);
      if (found === undefined)
        throw new Error(`nobody is signed in as \`${nameId}\` with the session \`${sessionIndex}\``);
      return found;
    },
  };
}

/** What a browser is answered: a page, or where it goes on to. */
export type SamlSent = { readonly page: string } | { readonly location: string };
