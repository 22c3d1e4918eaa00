/** Owns `/ServiceProviderConfig`, `/Schemas` and `/ResourceTypes`: readable by anybody, and always the truth (RFC-16). */
import type { HttpRequest } from "../../http/exchange.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import type { JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { resourceTypeDocuments, schemaDocuments, serviceProviderConfigDocument } from "./discovery.js";
import { ScimError } from "./errors.js";
import { scimAnswer } from "./scim-answer.js";
import { SCIM_PREFIX, type ScimRoom } from "./scim-request.js";

const TAGS = ["scim"];

/** C4: paging, sorting and filters are ignored here. */
export function discoveryRoutes({ schemas, baseUrl, bulk }: ScimRoom): readonly Route[] {
  const config = serviceProviderConfigDocument(schemas, bulk, baseUrl);
  return [
    single("/ServiceProviderConfig", "What this service can do", () => config),
    ...collection("/Schemas", "Schemas", schemaDocuments(schemas, baseUrl)),
    ...collection("/ResourceTypes", "Resource types", resourceTypeDocuments(schemas, baseUrl)),
  ];
}

function collection(path: string, summary: string, documents: readonly JsonObject[]): readonly Route[] {
  const list = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: documents.length,
    startIndex: 1,
    itemsPerPage: documents.length,
    Resources: documents,
  };
  const byId = new Map(
    documents.map((document) => [String(document["id"] ?? document["name"]).toLowerCase(), document]),
  );
  return [
    single(path, summary, () => list),
    single(`${path}/:id`, `${summary}, one of them`, ({ params }) => {
      const document = byId.get((params["id"] ?? "").toLowerCase());
      if (!document) throw new ScimError("notFound", `${path} has no ${quote(params["id"] ?? "")}`);
      return document;
    }),
  ];
}

function single(path: string, summary: string, document: (request: HttpRequest) => JsonObject): Route {
  return defineRoute({
    method: "GET",
    path: `${SCIM_PREFIX}${path}`,
    summary,
    tags: TAGS,
    auth: anybody,
    responses: { 200: null },
    handler: async ({ request }) => scimAnswer(200, document(request)),
  });
}
