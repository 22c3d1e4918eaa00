/** Owns how people find their own way of signing in: by the domain of their e-mail, or from a list. It says of nobody whether they are known. */
import { type Answer, redirect } from "../../http/exchange.js";
import { html, page } from "../../http/pages.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import type { Connection, Tenant } from "../../model/connection.js";
import { domainForm } from "../../model/domain-form.js";
import { emailDomain } from "../../model/fold.js";
import { provedDomains } from "../../provisioning/proved-domains.js";
import { textOf } from "./claim-values.js";
import { safeReturnTo } from "./return-to.js";
import { findTenant, nothingHere, SIGNED_OUT, type SignInProtocol, type SignInWeb, takeTurn } from "./sign-in-web.js";
import { isSignedIn, signedOutPage } from "./signed-out.js";

export function chooserRoute(web: SignInWeb, protocols: readonly SignInProtocol[]): Route {
  return defineRoute({
    method: "GET",
    path: "/sso/:tenant",
    summary: "Lets a person choose how to sign in, or finds the connection by e-mail domain",
    tags: ["sign-in"],
    auth: anybody,
    responses: { 200: null, 303: null },
    async handler({ request }) {
      takeTurn(web, request);
      const tenant = await findTenant(web, request.params["tenant"]);
      if (request.query.get("state") === SIGNED_OUT && !(await isSignedIn(web, request))) return signedOutPage([]);
      const all = await web.p.store.read(tenant.id).connections();
      const usable = all.filter(
        ({ protocol, disabledAt }) => disabledAt === undefined && protocols.some((one) => one.protocol === protocol),
      );
      if (usable.length === 0) throw nothingHere();
      const email = textOf(request.query.get("email"), 256);
      const returnTo = safeReturnTo(request.query.get("return_to"), web.publicUrl);
      const way = {
        ...(email !== undefined && { login_hint: email }),
        ...(returnTo !== undefined && { return_to: returnTo }),
      };
      const meant = email === undefined ? [] : ofDomain(tenant, usable, email);
      const shown = meant.length > 0 ? meant : usable;
      const links = shown.map(({ slug }) => ({ slug, url: loginUrl(web, tenant, slug, way) }));
      const [first] = links;
      if (first !== undefined && links.length === 1) return redirect(first.url);
      return chooserPage(tenant, links, { returnTo, isUnknown: email !== undefined && meant.length === 0 });
    },
  });
}

/** Connections by which people of the address's domain come in: those that name it, or name none where it is the tenant's own. */
function ofDomain(tenant: Tenant, connections: readonly Connection[], email: string): readonly Connection[] {
  const domain = emailDomain(email);
  const form = domain && domainForm(domain);
  if (!form) return [];
  const own = provedDomains(tenant).includes(form);
  return connections.filter(({ allowedDomains }) =>
    allowedDomains.length === 0 ? own : allowedDomains.includes(form),
  );
}

function loginUrl(web: SignInWeb, tenant: Tenant, slug: string, way: Readonly<Record<string, string>>): string {
  const url = new URL(`${web.publicUrl}/sso/${tenant.slug}/${slug}/login`);
  for (const [name, value] of Object.entries(way)) url.searchParams.set(name, value);
  return url.href;
}

interface Asked {
  readonly returnTo: string | undefined;
  /** An address was given, and no connection is for its domain. */
  readonly isUnknown: boolean;
}

/** Forms and links alone: it works without scripts, and with a keyboard. */
function chooserPage(
  { name, slug }: Tenant,
  links: readonly { readonly slug: string; readonly url: string }[],
  { returnTo, isUnknown }: Asked,
): Answer {
  const items = links.map((link) => html`<li><a href="${link.url}">${link.slug}</a></li>`);
  const back = returnTo === undefined ? "" : html`<input type="hidden" name="return_to" value="${returnTo}">`;
  const note = isUnknown
    ? html`<p role="status">No way of signing in is for addresses of this domain: choose one.</p>`
    : "";
  const body = html`${note}<form method="get" action="/sso/${slug}">
<p><label for="email">Your e-mail address at work</label></p>
<p><input id="email" name="email" type="email" autocomplete="email" required> <button>Continue</button></p>${back}
</form>
<h2 id="ways">Or choose how to sign in</h2>
<ul aria-labelledby="ways">${items}</ul>`;
  return page({ status: 200, title: `Sign in to ${name}`, body });
}
