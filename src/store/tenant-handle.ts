/** A tenant's handles, put together from one file per concern. */
import type { TenantId } from "../model/ids.js";
import type { TenantReader, TenantWriter } from "../provisioning/ports/store.js";
import { acrossReader, acrossWriter } from "./across.js";
import { adoptionWriter } from "./adoption.js";
import { applyWriter, ownerReader } from "./apply-access.js";
import { brakeReader, brakeWriter } from "./brake.js";
import { connectionKeyReader, connectionKeyWriter } from "./connection-keys.js";
import { connectionReader, connectionWriter } from "./connections.js";
import { customResourceReader, customResourceWriter } from "./custom-resources.js";
import { SQLITE } from "./dialect.js";
import { directoryGroupReader, directoryGroupWriter } from "./directory-groups.js";
import { directoryListReader } from "./directory-lists.js";
import { directoryUserReader, directoryUserWriter } from "./directory-users.js";
import { domainReader, domainWriter } from "./domains.js";
import { erasureReader, erasureWriter } from "./erasure.js";
import { formerEvidenceReader } from "./former-evidence.js";
import { groupListReader } from "./group-list.js";
import { groupPinReader, groupPinWriter } from "./group-pins.js";
import { journalReader, journalWriter } from "./journal.js";
import { keepOutReader, keepOutWriter } from "./kept-out.js";
import { linkReader } from "./links.js";
import { lintReader } from "./lint.js";
import { manualGrantWriter } from "./manual-grants.js";
import { mappingReader, mappingWriter } from "./mappings.js";
import { markWriter } from "./marks.js";
import { membershipWriter } from "./memberships.js";
import { metadataStateReader, metadataStateWriter } from "./metadata-states.js";
import { namedPushedWriter } from "./named-pushed.js";
import { nestingReader, nestingWriter } from "./nested-groups.js";
import { peopleLocker, peopleReader } from "./people.js";
import { togetherWriter } from "./people-together.js";
import { requestLogReader, requestLogWriter } from "./request-log.js";
import { reviewItemReader, reviewItemWriter } from "./review-items.js";
import { runReader, runWriter } from "./runs.js";
import type { Scope } from "./scope.js";
import { seatWriter } from "./seats.js";
import { serviceAccountListReader } from "./service-account-lists.js";
import { serviceAccountWriter } from "./service-account-writer.js";
import { serviceAccountReader } from "./service-accounts.js";
import { signInReader, signInWriter } from "./sign-ins.js";
import { signedInReader, signedInWriter } from "./signed-in-rows.js";
import { standingReader } from "./standing.js";
import { teamReader, teamWriter } from "./teams.js";
import { userReader } from "./users.js";
import { wakeupWriter } from "./wakeups.js";

type Concern = (scope: Scope) => object;

const READERS = [
  connectionReader,
  connectionKeyReader,
  metadataStateReader,
  domainReader,
  directoryUserReader,
  signedInReader,
  keepOutReader,
  acrossReader,
  directoryGroupReader,
  nestingReader,
  directoryListReader,
  customResourceReader,
  groupPinReader,
  groupListReader,
  reviewItemReader,
  peopleReader,
  formerEvidenceReader,
  linkReader,
  userReader,
  teamReader,
  standingReader,
  ownerReader,
  brakeReader,
  mappingReader,
  lintReader,
  runReader,
  signInReader,
  requestLogReader,
  journalReader,
  erasureReader,
  serviceAccountReader,
  serviceAccountListReader,
] as const;

const WRITERS = [
  ...READERS,
  connectionWriter,
  domainWriter,
  connectionKeyWriter,
  metadataStateWriter,
  directoryUserWriter,
  togetherWriter,
  signedInWriter,
  keepOutWriter,
  namedPushedWriter,
  directoryGroupWriter,
  customResourceWriter,
  groupPinWriter,
  adoptionWriter,
  acrossWriter,
  reviewItemWriter,
  membershipWriter,
  nestingWriter,
  markWriter,
  peopleLocker,
  applyWriter,
  teamWriter,
  seatWriter,
  wakeupWriter,
  manualGrantWriter,
  brakeWriter,
  mappingWriter,
  runWriter,
  signInWriter,
  requestLogWriter,
  journalWriter,
  erasureWriter,
  serviceAccountWriter,
] as const;

/** What all concerns together can do. */
type Made<Concerns extends readonly Concern[]> = Both<ReturnType<Concerns[number]>>;
type Both<Parts> = (Parts extends unknown ? (part: Parts) => void : never) extends (part: infer Whole) => void
  ? Whole
  : never;

/** The concerns of one handle that were asked for so far. */
interface Parts {
  readonly scope: Scope;
  readonly made: Map<Concern, object>;
}

/**
 * Makes handles whose concerns are put together when one of their functions is called first: a transaction asks for a few of
 * the many, and making all of them costs more than most transactions do.
 */
function handlesOf<Concerns extends readonly Concern[]>(
  concerns: Concerns,
): (scope: Scope) => Made<Concerns> & { readonly tenant: TenantId } {
  const functions: Record<string, PropertyDescriptor & ThisType<Parts>> = {
    tenant: {
      get() {
        return this.scope.tenant;
      },
    },
  };
  for (const concern of concerns) {
    for (const name of Object.keys(concern(NOTHING_IN_SCOPE))) {
      functions[name] = {
        get() {
          const part = this.made.get(concern) ?? concern(this.scope);
          this.made.set(concern, part);
          return Reflect.get(part, name);
        },
      };
    }
  }
  const prototype: object = Object.create(null, functions);
  return (scope) => Object.create(prototype, { scope: { value: scope }, made: { value: new Map() } });
}

/** Only names are read of what is made with it. */
const NOTHING_IN_SCOPE: Scope = {
  tenant: 0 as TenantId,
  sql: { all: async () => [], run: async () => 0, send: async () => undefined },
  dialect: SQLITE,
  newId: () => "",
};

/** Everything that can be read of one tenant. */
export const tenantReader: (scope: Scope) => TenantReader = handlesOf(READERS);
/** The same inside a transaction, with everything that can be written. */
export const tenantWriter: (scope: Scope) => TenantWriter = handlesOf(WRITERS);
