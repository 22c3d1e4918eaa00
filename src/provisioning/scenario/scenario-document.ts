import type { GroupAuthority, JitMode, ScimProfile } from "../../model/connection.js";
import type { Protocol, UserAttribute } from "../../model/facts.js";
import type { JsonObject } from "../../model/json.js";
import type { UnknownReason } from "../../model/known.js";
import type { ScimRole } from "../../model/scim-role.js";

/** A scenario file as its author writes it, after `schemas/scenario.schema.json` has accepted it. */
export interface ScenarioDocument {
  readonly name: string;
  readonly about?: string;
  /** The mapping document, or its path below `rules/`. */
  readonly mapping: string | JsonObject;
  readonly connections?: readonly ScenarioConnection[];
  readonly teams?: readonly string[];
  /** Stable ids of groups, by name. */
  readonly groupIds?: Readonly<Record<string, string>>;
  readonly doors?: readonly ScenarioDoor[];
  readonly people?: readonly ScenarioPerson[];
  readonly expect?: Readonly<Record<string, readonly string[] | string>>;
  /** Instead of people: what the mapping is refused with. */
  readonly problems?: readonly { readonly pointer: string; readonly code: string }[];
}

export interface ScenarioConnection {
  readonly slug: string;
  readonly protocol: Extract<Protocol, "oidc" | "scim">;
  readonly mayGrantOwner?: boolean;
  readonly groups?: GroupAuthority;
  readonly jit?: JitMode;
  readonly profile?: ScimProfile;
}

export type ScenarioDoor = "evaluate" | "preview" | "sign_in" | "push";

/** How a person's facts come in. */
export type ScenarioWay = "sign_in" | "push";

export interface ScenarioFacts {
  /** Absent: unknown. */
  readonly groups?: readonly string[];
  readonly groupsUnknown?: Extract<UnknownReason, "overage" | "truncated_at_100">;
  readonly attributes?: Readonly<Partial<Record<UserAttribute, string | boolean>>>;
  readonly appRoles?: readonly string[];
  /** Only a push carries them. */
  readonly scimRoles?: readonly ScimRole[];
  readonly claims?: Readonly<Record<string, readonly string[]>>;
}

export interface ScenarioLink extends ScenarioFacts {
  readonly by?: ScenarioWay;
  readonly connection?: string;
  /** What the same source had said earlier. */
  readonly before?: ScenarioFacts;
}

export interface ScenarioPerson extends ScenarioLink {
  readonly userName: string;
  readonly links?: readonly ScenarioLink[];
}

const DEFAULT_CONNECTION: ScenarioConnection = { slug: "sso", protocol: "oidc", mayGrantOwner: true };

/** The scenario's connections with what they leave out; as with tenants, only the first may grant `owner` unless it says so. */
export function scenarioConnections(
  scenario: ScenarioDocument,
): readonly (ScenarioConnection & { readonly mayGrantOwner: boolean })[] {
  const connections = scenario.connections ?? [DEFAULT_CONNECTION];
  return connections.map((connection, index) => ({
    ...connection,
    mayGrantOwner: connection.mayGrantOwner ?? index === 0,
  }));
}

/** Somebody on one way in: what each of their connections says of them, in the order in which it says it. */
export interface ScenarioVisitor {
  readonly userName: string;
  readonly links: readonly ScenarioVisit[];
}

export interface ScenarioVisit {
  readonly connection: ScenarioConnection;
  readonly by: ScenarioWay;
  /** Earlier first; the last one is what holds now. */
  readonly said: readonly ScenarioFacts[];
}

/** The people whose facts can come in this way. Only a sign-in leaves facts open, carries claims, or is refused. */
export function scenarioVisitors(scenario: ScenarioDocument, way: ScenarioWay): readonly ScenarioVisitor[] {
  const connections = new Map(scenarioConnections(scenario).map((one) => [one.slug, one]));
  const [first] = connections.values();
  return (scenario.people ?? []).flatMap((person): readonly ScenarioVisitor[] => {
    const refused = String(scenario.expect?.[person.userName]).startsWith("refused:");
    const links = (person.links ?? [person]).map((link): ScenarioVisit | undefined => {
      const connection = link.connection === undefined ? first : connections.get(link.connection);
      if (!connection) throw new Error(`scenario: unknown connection \`${link.connection}\``);
      const said = link.before === undefined ? [link] : [link.before, link];
      if (link.by !== undefined) return { connection, by: link.by, said };
      return canCarry(connection, said, way) ? { connection, by: way, said } : undefined;
    });
    const visits = links.filter((link) => link !== undefined);
    const fits = visits.length === links.length && visits.some((visit) => visit.by === way);
    return fits && !(refused && way === "push") ? [{ userName: person.userName, links: visits }] : [];
  });
}

function canCarry(connection: ScenarioConnection, said: readonly ScenarioFacts[], way: ScenarioWay): boolean {
  if (way === "sign_in") {
    const pushed = said.some(
      ({ attributes, scimRoles }) => attributes?.active !== undefined || scimRoles !== undefined,
    );
    return connection.protocol !== "scim" && !pushed;
  }
  return said.every(
    ({ groups, groupsUnknown, claims }) => groups && groupsUnknown === undefined && claims === undefined,
  );
}
