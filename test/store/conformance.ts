import { accessConformance } from "./conformance-access.js";
import { accountConformance } from "./conformance-accounts.js";
import { connectionConformance } from "./conformance-connections.js";
import { customConformance } from "./conformance-custom.js";
import { directoryConformance } from "./conformance-directory.js";
import { filterConformance } from "./conformance-filters.js";
import { isolationConformance } from "./conformance-isolation.js";
import { journalConformance } from "./conformance-journal.js";
import { lintConformance } from "./conformance-lint.js";
import { mappingConformance } from "./conformance-mappings.js";
import { nestedConformance } from "./conformance-nested.js";
import { parallelConformance } from "./conformance-parallel.js";
import { pinConformance } from "./conformance-pins.js";
import { requestConformance } from "./conformance-requests.js";
import { signInConformance } from "./conformance-sign-ins.js";
import { workConformance } from "./conformance-work.js";
import type { OpenStore } from "./store-for-tests.js";

/** What every database must do for the ports, in the same words. */
export function conformance(name: string, open: OpenStore): void {
  describe(`store on ${name}`, () => {
    connectionConformance(open);
    directoryConformance(open);
    nestedConformance(open);
    filterConformance(open);
    customConformance(open);
    pinConformance(open);
    accessConformance(open);
    accountConformance(open);
    workConformance(open);
    mappingConformance(open);
    lintConformance(open);
    signInConformance(open);
    requestConformance(open);
    journalConformance(open);
    parallelConformance(open);
    isolationConformance(open);
  });
}
