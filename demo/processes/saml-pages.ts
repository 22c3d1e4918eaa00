/** Owns the pages of the SAML identity providers: signing in, an answer on its way to a service, and refusing to go on. */

export interface LoginPage {
  readonly issuer: string;
  /** Names the request that is being answered. */
  readonly login: string;
  readonly userName: string;
  readonly complaint?: string;
}

export function loginPage({ issuer, login, userName, complaint }: LoginPage): string {
  return pageOf(
    "Sign in",
    `<p>${escaped(issuer)} wants to know who you are.</p>
${complaint === undefined ? "" : `<p role="alert">${escaped(complaint)}</p>`}
<form method="post" action="/login">
<input type="hidden" name="login" value="${escaped(login)}">
<p><label>User name <input name="user" value="${escaped(userName)}" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button></p>
</form>`,
  );
}

/** The HTTP-POST binding (SAML bindings section 3.5): a form that is sent on as soon as it is there. */
export function postPage(action: string, fields: Readonly<Record<string, string>>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  return pageOf(
    "Back to where you came from",
    `<form method="post" action="${escaped(action)}">${inputs.join("")}<noscript><button>Continue</button></noscript></form>
<script>document.forms[0].submit();</script>`,
  );
}

export function refusalPage(reason: string): string {
  return pageOf("No sign-in", `<p>${escaped(reason)}</p>`);
}

/** The end of a logout that began here. `where`: as far as the services said. */
export function signedOutPage(where: string): string {
  return pageOf("Signed out", `<p>You are signed out: ${escaped(where)}.</p>`);
}

function pageOf(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
${body}
</body></html>`;
}

/** For element content and quoted attributes alike, in HTML and in XML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
