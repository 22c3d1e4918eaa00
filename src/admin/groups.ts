import type { Route } from "../http/route.js";
import type { ConnectionId, DirectoryGroupId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import {
  createLocalGroup,
  deleteLocalGroup,
  type LocalGroup,
  type LocalGroupChange,
  undoGroupAdoption,
  undoUntil,
  updateLocalGroup,
} from "../provisioning/local-groups.js";
import type { GroupRow } from "../provisioning/ports/group-list.js";
import type { TenantReader } from "../provisioning/ports/store.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { pathOf, TENANT } from "./paths.js";

const TAGS = ["groups"];
const GROUPS = `${TENANT}/groups`;
const GROUP = `${GROUPS}/:group`;

interface GroupParams {
  readonly group: DirectoryGroupId;
}

export function groupRoutes(deps: AdminDeps): readonly Route[] {
  return [
    listRoute(deps),
    createRoute(deps),
    readRoute(deps),
    changeRoute(deps),
    deleteRoute(deps),
    ...moreRoutes(deps),
  ];
}

type Slugs = ReadonlyMap<ConnectionId, string>;

async function slugsOf(reader: TenantReader): Promise<Slugs> {
  return new Map((await reader.connections()).map(({ id, slug }) => [id, slug]));
}

function groupView({ connection, overwritten, description, ...group }: GroupRow, slugs: Slugs) {
  const { at, memberCount } = overwritten ?? {};
  const adopted = at === undefined ? null : { at, undoUntil: undoUntil(at), overwrittenMembers: memberCount };
  return { ...group, description: description ?? null, connection: slugs.get(connection), adopted };
}

async function groupNamed(deps: AdminDeps, { tenant }: TenantCaller, id: DirectoryGroupId) {
  const reader = deps.p.store.read(tenant.id);
  const group = await reader.group(id);
  if (group === undefined) throw new Refusal("not_found", `no group \`${id}\``);
  return groupView(group, await slugsOf(reader));
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{
    query: PageInput & { readonly connection?: string; readonly name?: string };
    principal: TenantCaller;
  }>({
    method: "GET",
    path: GROUPS,
    summary: "List groups of all connections, and those made by hand",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/groups",
    responses: { 200: "admin/group#/$defs/page" },
    async handler({ query, principal: { tenant } }) {
      const reader = deps.p.store.read(tenant.id);
      const slugs = await slugsOf(reader);
      const [connection] = [...slugs].find(([, slug]) => slug === query.connection) ?? [];
      if (query.connection !== undefined && connection === undefined) {
        throw new Refusal("not_found", `no connection \`${query.connection}\``);
      }
      const asked = { ...(query.name !== undefined && { name: query.name }), ...(connection && { connection }) };
      const page = await reader.groups({ ...pageQuery(query), ...asked });
      return { status: 200, body: pageView(page, (group) => groupView(group, slugs)) };
    },
  });
}

function createRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: LocalGroup; principal: TenantCaller }>({
    method: "POST",
    path: GROUPS,
    summary: "Make a group by hand, of people made by hand",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/group#/$defs/new" },
    responses: { 201: "admin/group" },
    async handler({ body, principal }) {
      const { tenant, context } = principal;
      const group = await createLocalGroup(deps.p, tenant, body, context);
      const location = pathOf(GROUP, { tenant: tenant.slug, group });
      return { status: 201, headers: { location }, body: await groupNamed(deps, principal, group) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: GroupParams; principal: TenantCaller }>({
    method: "GET",
    path: GROUP,
    summary: "Read a group",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/group",
    responses: { 200: "admin/group" },
    handler: async ({ params, principal }) => ({ status: 200, body: await groupNamed(deps, principal, params.group) }),
  });
}

function changeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: GroupParams; body: LocalGroupChange; principal: TenantCaller }>({
    method: "PATCH",
    path: GROUP,
    summary: "Change a group made by hand, or who is in it",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/group",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/group#/$defs/change" },
    responses: { 200: "admin/group" },
    async handler({ params, body, principal }) {
      await updateLocalGroup(deps.p, principal.tenant, params.group, body, principal.context);
      return { status: 200, body: await groupNamed(deps, principal, params.group) };
    },
  });
}

function deleteRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: GroupParams; principal: TenantCaller }>({
    method: "DELETE",
    path: GROUP,
    summary: "Remove a group made by hand; its people stay",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/group",
    responses: { 204: null },
    async handler({ params, principal: { tenant, context } }) {
      await deleteLocalGroup(deps.p, tenant, params.group, context);
      return { status: 204 };
    },
  });
}

function moreRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ params: GroupParams; query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: `${GROUP}/members`,
      summary: "List the people of a group",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/group",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/group#/$defs/members" },
      async handler({ params, query, principal }) {
        await groupNamed(deps, principal, params.group);
        const page = await deps.p.store.read(principal.tenant.id).groupPeople(params.group, pageQuery(query));
        return { status: 200, body: pageView(page, ({ user, userName }) => ({ id: user, userName })) };
      },
    }),
    adminRoute<{ params: GroupParams; principal: TenantCaller }>({
      method: "POST",
      path: `${GROUP}/undo-adoption`,
      summary: "Bring back the group that was made by hand, with its people, beside the one that took it over",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/group",
      responses: { 200: "admin/group" },
      async handler({ params, principal }) {
        const { tenant, context } = principal;
        const group = await undoGroupAdoption(deps.p, tenant, params.group, context);
        return { status: 200, body: await groupNamed(deps, principal, group) };
      },
    }),
  ];
}
