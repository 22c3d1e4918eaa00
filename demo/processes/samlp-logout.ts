/** Logout at the SAML identity provider that is made with Auth0's samlp: begun by a service, or here. */
import { randomUUID } from "node:crypto";
import { type LogoutOptions, logout, type Options, type Participant } from "samlp";
import type { SamlMessage } from "./saml-identity-provider.js";
import { signedOutPage } from "./saml-pages.js";
import type { SamlServiceProvider } from "./saml-provider-config.js";
import type { SamlSent, SamlSession } from "./saml-sessions.js";

type Binding = SamlMessage["binding"];

export interface SamlpLogout {
  /** Somebody signed in to a service: its logout is about them. */
  join(session: SamlSession): Promise<void>;
  take(message: SamlMessage): Promise<SamlSent>;
  begin(session: SamlSession, binding: Binding): Promise<SamlSent>;
}

const BINDING: Readonly<Record<Binding, string>> = {
  post: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
  redirect: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
};

export function createSamlpLogout(own: Options): SamlpLogout {
  const participants: Participant[] = [];
  const states = new Map<string, unknown>();

  /** The middleware keeps nothing between calls but what is here, and writes into its options. */
  function answer(binding: Binding, { fields = {} }: Partial<SamlMessage>, among: Participant[]): Promise<SamlSent> {
    const options: LogoutOptions = {
      ...own,
      deflate: true,
      protocolBinding: BINDING[binding],
      sessionParticipants: participantsIn(among),
      store: storeIn(states),
    };
    const isPost = binding === "post";
    const request = { method: isPost ? "POST" : "GET", query: isPost ? {} : fields, body: isPost ? fields : {} };
    return new Promise((resolve, reject) => {
      logout(options)(
        request,
        {
          set: () => undefined,
          send: (body) => resolve({ page: typeof body === "string" ? body : signedOutPage(String(body)) }),
          redirect: (location) => resolve({ location }),
        },
        reject,
      );
    });
  }

  return {
    async join({ serviceProvider, nameId, nameIdFormat, sessionIndex }) {
      const serviceProviderId = serviceProvider.entityId;
      const { url, cert } = await described(serviceProvider);
      participants.push({ serviceProviderId, serviceProviderLogoutURL: url, cert, nameId, nameIdFormat, sessionIndex });
    },
    take: (message) => answer(message.binding, message, participants),
    async begin({ sessionIndex }, binding) {
      // The library asks one service after the other: here it is one person's.
      const theirs = participants.filter((one) => one.sessionIndex === sessionIndex);
      if (theirs.length === 0) throw new Error("the person is not signed in to any service any more");
      for (const one of participants) if (theirs.includes(one)) one.binding = BINDING[binding];
      return answer(binding, {}, theirs);
    },
  };
}

async function described({ entityId }: SamlServiceProvider): Promise<{ readonly url: string; readonly cert: string }> {
  const metadata = await (await fetch(entityId)).text();
  const [, url = ""] = /<SingleLogoutService [^>]*Location="([^"]+)"/.exec(metadata) ?? [];
  const [, cert = ""] = /use="signing">.*?X509Certificate>([^<]+)</s.exec(metadata) ?? [];
  return { url, cert };
}

function participantsIn(all: Participant[]): LogoutOptions["sessionParticipants"] {
  const isMeant = (issuer: string, index: string | readonly string[], nameId: string) => (one: Participant) =>
    one.serviceProviderId === issuer && [index].flat().includes(one.sessionIndex) && one.nameId === nameId;
  return {
    hasElements: () => all.length > 0,
    getFirst: (done) => done(null, all[0]),
    get: (issuer, index, nameId, done) => done(null, all.find(isMeant(issuer, index, nameId))),
    remove(issuer, index, nameId, done) {
      const at = all.findIndex(isMeant(issuer, index, nameId));
      done(null, at < 0 ? undefined : all.splice(at, 1)[0]);
    },
  };
}

function storeIn(states: Map<string, unknown>): LogoutOptions["store"] {
  return {
    save(_request, state, done) {
      const id = randomUUID();
      states.set(id, state);
      done(null, id);
    },
    load(_request, id, options, done) {
      const state = states.get(id);
      const isLast = typeof options === "object" && options.destroy;
      if (isLast) states.delete(id);
      (typeof options === "function" ? options : done)?.(null, state);
    },
    update(_request, id, state, done) {
      states.set(id, state);
      done(null);
    },
  };
}
