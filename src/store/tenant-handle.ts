/** A tenant's handles, put together from one file per concern. */
import type { TenantReader, TenantWriter } from "../provisioning/ports/store.js";
import { applyWriter, ownerReader } from "./apply-access.js";
import { brakeReader, brakeWriter } from "./brake.js";
import { connectionReader, connectionWriter } from "./connections.js";
import { customResourceReader, customResourceWriter } from "./custom-resources.js";
import { directoryGroupReader, directoryGroupWriter } from "./directory-groups.js";
import { directoryListReader } from "./directory-lists.js";
import { directoryUserReader, directoryUserWriter } from "./directory-users.js";
import { erasureReader, erasureWriter } from "./erasure.js";
import { formerEvidenceReader } from "./former-evidence.js";
import { groupPinReader, groupPinWriter } from "./group-pins.js";
import { journalReader, journalWriter } from "./journal.js";
import { linkReader } from "./links.js";
import { lintReader } from "./lint.js";
import { manualGrantWriter } from "./manual-grants.js";
import { mappingReader, mappingWriter } from "./mappings.js";
import { markWriter } from "./marks.js";
import { membershipWriter } from "./memberships.js";
import { nestingReader, nestingWriter } from "./nested-groups.js";
import { peopleLocker, peopleReader } from "./people.js";
import { requestLogReader, requestLogWriter } from "./request-log.js";
import { runReader, runWriter } from "./runs.js";
import type { Scope } from "./scope.js";
import { seatWriter } from "./seats.js";
import { signInReader, signInWriter } from "./sign-ins.js";
import { teamReader, teamWriter } from "./teams.js";
import { userReader } from "./users.js";
import { wakeupWriter } from "./wakeups.js";

export function tenantReader(scope: Scope): TenantReader {
  return {
    tenant: scope.tenant,
    ...connectionReader(scope),
    ...directoryUserReader(scope),
    ...directoryGroupReader(scope),
    ...nestingReader(scope),
    ...directoryListReader(scope),
    ...customResourceReader(scope),
    ...groupPinReader(scope),
    ...peopleReader(scope),
    ...formerEvidenceReader(scope),
    ...linkReader(scope),
    ...userReader(scope),
    ...teamReader(scope),
    ...ownerReader(scope),
    ...brakeReader(scope),
    ...mappingReader(scope),
    ...lintReader(scope),
    ...runReader(scope),
    ...signInReader(scope),
    ...requestLogReader(scope),
    ...journalReader(scope),
    ...erasureReader(scope),
  };
}

export function tenantWriter(scope: Scope): TenantWriter {
  return {
    ...tenantReader(scope),
    ...connectionWriter(scope),
    ...directoryUserWriter(scope),
    ...directoryGroupWriter(scope),
    ...customResourceWriter(scope),
    ...groupPinWriter(scope),
    ...membershipWriter(scope),
    ...nestingWriter(scope),
    ...markWriter(scope),
    ...peopleLocker(scope),
    ...applyWriter(scope),
    ...teamWriter(scope),
    ...seatWriter(scope),
    ...wakeupWriter(scope),
    ...manualGrantWriter(scope),
    ...brakeWriter(scope),
    ...mappingWriter(scope),
    ...runWriter(scope),
    ...signInWriter(scope),
    ...requestLogWriter(scope),
    ...journalWriter(scope),
    ...erasureWriter(scope),
  };
}
