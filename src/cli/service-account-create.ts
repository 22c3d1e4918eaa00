import { parseTarget } from "../engine/target-text.js";
import { quote } from "../model/quote.js";
import { createServiceAccount, type NewServiceAccount } from "../provisioning/service-accounts.js";
import type { Arguments } from "./arguments.js";
import { checkedInput } from "./checked-input.js";
import { type Command, EXIT, Misuse } from "./command.js";
import { commandLineContext, tenantNamed, withInstallation } from "./installation.js";

export const serviceAccountCreate: Command = {
  name: "service-account create",
  takes: "",
  summary: "Make a service account: an account of a program, which takes no seat",
  details: ["With an admin role, `--role tenant/admin`, it can have a token: see `rolecall token create`."],
  options: {
    tenant: { value: "SLUG", what: "whose", required: true },
    name: { value: "NAME", what: "what the account is called", required: true },
    "display-name": { value: "NAME", what: "what it is shown as; the name when absent" },
    description: { value: "TEXT", what: "what it is for" },
    owner: { value: "USER", what: "who answers for it: userName or id" },
    "expires-at": { value: "INSTANT", what: "when it ends, e.g. 2027-01-31T00:00:00Z" },
    role: { value: "TARGET", what: "what it is given by hand, e.g. Platform/editor or tenant/admin", many: true },
  },
  async run(args, terminal) {
    const input = inputOf(args);
    return withInstallation(terminal, async (opened) => {
      const tenant = await tenantNamed(opened, args.required("tenant"));
      if (input.expiresAt !== undefined && input.expiresAt <= opened.p.now())
        throw new Misuse("--expires-at is in the past");
      const id = await createServiceAccount(opened.p, tenant, input, commandLineContext(terminal));
      terminal.err(`made service account ${quote(input.name)}; its id:`);
      terminal.out(id);
      return EXIT.done;
    });
  },
};

function inputOf(args: Arguments): NewServiceAccount {
  const roles = args.texts("role").map((text) => {
    const target = parseTarget(text);
    if (target === undefined) throw new Misuse(`--role ${quote(text)} is no target: write Team/role or tenant/role`);
    return target;
  });
  const given = {
    name: args.required("name"),
    displayName: args.text("display-name"),
    description: args.text("description"),
    owner: args.text("owner"),
    expiresAt: args.text("expires-at"),
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return checkedInput<NewServiceAccount>("admin/service-account#/$defs/new", {
    ...said,
    ...(roles.length > 0 && { roles }),
  });
}
