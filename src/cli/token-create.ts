import { createToken, type NewToken } from "../provisioning/tokens.js";
import type { Arguments } from "./arguments.js";
import { checkedInput } from "./checked-input.js";
import { type Command, EXIT, Misuse } from "./command.js";
import { commandLineContext, tenantNamed, withInstallation } from "./installation.js";

export const tokenCreate: Command = {
  name: "token create",
  takes: "",
  summary: "Make a SCIM token of a connection and print it, this once",
  details: ["The first token of a connection moves its never-set `sync` to `test`."],
  options: {
    tenant: { value: "SLUG", what: "whose", required: true },
    connection: { value: "SLUG", what: "which connection the token is for", required: true },
    name: { value: "NAME", what: "what the token is called in lists" },
    "service-account": {
      value: "NAME",
      what: "whose token it is, by name or id: one with an admin role, e.g. tenant/admin",
    },
    "expires-at": { value: "INSTANT", what: "when it ends, e.g. 2027-01-31T00:00:00Z" },
  },
  async run(args, terminal) {
    const input = inputOf(args);
    return withInstallation(terminal, async (opened) => {
      const tenant = await tenantNamed(opened, args.required("tenant"));
      if (input.expiresAt !== undefined && input.expiresAt <= opened.p.now())
        throw new Misuse("--expires-at is in the past");
      const context = commandLineContext(terminal);
      const { id, token } = await createToken(opened.p, tenant, args.required("connection"), input, context);
      terminal.err(`made token ${id}; it is printed this once:`);
      terminal.out(token);
      return EXIT.done;
    });
  },
};

function inputOf(args: Arguments): NewToken {
  const expires = args.text("expires-at");
  const account = args.text("service-account");
  return checkedInput<NewToken>("admin/token#/$defs/new", {
    name: args.text("name") ?? "made at the command line",
    ...(account !== undefined && { serviceAccount: account }),
    ...(expires !== undefined && { expiresAt: expires }),
  });
}
