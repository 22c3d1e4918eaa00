import { compileSchema } from "../platform/schemas.js";
import { createTenant, type TenantInput } from "../provisioning/tenants.js";
import type { Arguments } from "./arguments.js";
import { type Command, EXIT, Misuse } from "./command.js";
import { commandLineContext, withInstallation } from "./installation.js";

export const tenantCreate: Command = {
  name: "tenant create",
  takes: "SLUG",
  summary: "Make a tenant",
  options: {
    name: { value: "NAME", what: "what people call it; the slug when absent" },
    domain: { value: "DOMAIN", what: "an e-mail domain that you vouch for", many: true },
    seats: { value: "N", what: "how many people may be registered; without it, any number" },
  },
  async run(args, terminal) {
    const input = inputOf(args);
    return withInstallation(terminal, async ({ p }) => {
      const tenant = await createTenant(p, input, commandLineContext(terminal));
      terminal.out(`made tenant ${tenant.slug}`);
      return EXIT.done;
    });
  },
};

/** Judged by the schema of the admin API: the two doors let the same things in. */
function inputOf(args: Arguments): TenantInput {
  const slug = args.positionals[0] ?? "";
  const domains = args.texts("domain");
  const seats = args.text("seats");
  const checked = compileSchema<TenantInput>("admin/tenant#/$defs/new")({
    slug,
    name: args.text("name") ?? slug,
    ...(domains.length > 0 && { domains }),
    ...(seats !== undefined && { seats: /^\d+$/.test(seats) ? Number(seats) : seats }),
  });
  if (checked.ok) return checked.value;
  throw new Misuse(checked.problems.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; "));
}
